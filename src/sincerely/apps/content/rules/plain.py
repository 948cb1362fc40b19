"""Makes the plain text part from the HTML, with its tokens in place. Pure.

inscriptis lays out the text; tables become blocks first, because mails use them for layout, and
each link is followed by its address.
"""

from __future__ import annotations

import html
import re

from inscriptis import get_text
from inscriptis.model.config import ParserConfig

from sincerely.apps.content.rules.source import Lifted

_BODY = re.compile(r"<body\b[^>]*>(.*)</body\s*>", re.DOTALL | re.IGNORECASE)
_HIDDEN = re.compile(r"<(style|script|head|title)\b.*?</\1\s*>", re.DOTALL | re.IGNORECASE)
_COMMENT = re.compile(r"<!--(.*?)-->", re.DOTALL)
_LINK = re.compile(  # no `<` before href: a tag of many odd names is not read from each of them
    r"<a\b[^<>]*?\shref\s*=\s*(?:\"([^\"]*)\"|'([^']*)')[^>]*>(.*?)</a\s*>",
    re.DOTALL | re.IGNORECASE,
)
_ALT = re.compile(r"<img\b[^<>]*?\balt\s*=\s*(?:\"([^\"]*)\"|'([^']*)')[^>]*>", re.IGNORECASE)
_TABLE = re.compile(r"<(/?)(?:table|thead|tbody|tfoot|tr|td|th|center)\b[^>]*>", re.IGNORECASE)
_ITEM = re.compile(r"(?:\*|\d+\.) ")
_TAG = re.compile(r"<[^<>]*>")


def plain_text(lifted: Lifted, text: str) -> str:
    """Return the text of an HTML; tokens stay where they are and in their order."""
    body = _BODY.search(text)
    inner = _HIDDEN.sub(" ", body[1] if body else text)
    inner = _COMMENT.sub(lambda found: _kept(lifted, found), inner)
    inner = _TABLE.sub(r"<\1div>", _LINK.sub(_spoken, inner))
    said = get_text(f"<html><body>{inner}</body></html>", ParserConfig(display_links=False))
    return _tidy(lifted, said)


def _kept(lifted: Lifted, found: re.Match[str]) -> str:
    """Return a token's comment as text; other comments say nothing."""
    token = lifted.token.fullmatch(found[0])
    return f"<span>{found[1].strip()}</span>" if token else ""


def _spoken(found: re.Match[str]) -> str:
    """Return a link as words, then its address in brackets."""
    address = found[1] or found[2] or ""
    inner = _ALT.sub(lambda image: image[1] or image[2] or "", found[3])
    words = " ".join(_TAG.sub(" ", inner).split())
    plain = html.unescape(address)
    if not plain or plain.startswith("#"):
        return words
    plain = plain.removeprefix("mailto:").removeprefix("tel:")
    if not words or html.unescape(words) == plain:
        return html.escape(plain)
    return f"{words} ({html.escape(plain)})"


def _tidy(lifted: Lifted, said: str) -> str:
    """Return the text without trailing spaces, empty stretches and lines that hold only tags."""
    lines: list[str] = []
    waiting = ""
    for line in said.splitlines():
        bare = line.strip()
        if bare and _is_only_tags(lifted, bare):
            waiting += bare
        else:
            lines.append(waiting + (f"  {bare}" if _ITEM.match(bare) else bare))
            waiting = ""
    text = "\n".join([*lines, waiting])
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


def _is_only_tags(lifted: Lifted, line: str) -> bool:
    if lifted.token.sub("", line).strip():
        return False
    marks = map(lifted.mark_of, lifted.token.finditer(line))
    return all(mark.sort in ("tag", "block") for mark in marks)
