"""Puts a fall-back on outputs that lack one, in the mail's language. Pure."""

from __future__ import annotations

import re

FALLBACKS: dict[str, dict[str, str]] = {
    "first_name": {"en": "friend", "nl": "lezer", "sv": "vän", "da": "ven"},
    "name": {"en": "friend", "nl": "lezer", "sv": "vän", "da": "ven"},
    "last_name": {"en": "friend", "nl": "lezer", "sv": "vän", "da": "ven"},
}


def with_fallback(text: str, name: str, word: str) -> str:
    """Return a text in which outputs of the field have a `default`; those with one are left."""

    def put(found: re.Match[str]) -> str:
        rest = found[2]
        if re.search(r"\|\s*default\b", rest):
            return found[0]
        tail = f" {rest.strip()}" if rest.strip() else ""
        return f'{{{{ {found[1]} | default: "{word}"{tail} }}}}'

    return re.sub(rf"\{{\{{-?\s*(contact\.{re.escape(name)})\b([^}}]*?)-?\}}\}}", put, text)
