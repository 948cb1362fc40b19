"""What every mail gets: hidden preheader, footer, open pixel. Pure."""

from __future__ import annotations

import html
import re

from sincerely.apps.content.rules.blocks.footer import words_for
from sincerely.apps.content.rules.compiled import Parts, certain_systems
from sincerely.apps.content.rules.look import BrandLook

_BODY = re.compile(r"<body\b[^>]*>", re.IGNORECASE)
_END = re.compile(r"</body\s*>", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]*>")
HIDDEN = (
    '<div style="display:none;font-size:1px;line-height:1px;max-height:0;max-width:0;'
    'opacity:0;overflow:hidden">'
)
# Keeps the inbox from showing the mail's first words behind a short preheader.
FILLING = "&#847;&zwnj;&nbsp;" * 40
FOOT = (
    '<div style="padding:24px 16px;text-align:center;font-family:Arial,Helvetica,sans-serif;'
    'font-size:13px;line-height:1.6;color:#5c6662">'
)


def with_preheader(parts: Parts, preheader: Parts) -> Parts:
    """Return the HTML with the preheader hidden at the start of its body."""
    if not preheader:
        return parts
    return _inserted(parts, [HIDDEN, *preheader, f"{FILLING}</div>"], _BODY, at_end=False)


def with_pixel(parts: Parts) -> Parts:
    """Return the HTML with the open pixel at the end of its body and a line break at its end."""
    pixel: Parts = [{"system": "open", "as": "html"}]
    return _ended(_inserted(parts, pixel, _END, at_end=True))


def with_closing_html(parts: Parts, look: BrandLook, language: str) -> Parts:
    """Return the HTML with everything of the locked footer that it lacks."""
    certain = certain_systems(parts)
    words = words_for(language)
    has_address = _says(parts, look.postal_address)
    if {"unsubscribe", "preferences"} <= certain and has_address:
        return parts
    foot: Parts = [FOOT]
    if "unsubscribe" not in certain:
        foot.append(f"<p>{html.escape(words['why'].format(name=look.name))}</p>")
    foot += _anchors(certain, words)
    if not has_address:
        address = ", ".join(filter(None, map(str.strip, look.postal_address.splitlines())))
        foot.append(f"<p>{html.escape(f'{look.name}, {address}')}</p>")
    return _inserted(parts, [*foot, "</div>"], _END, at_end=True)


def _anchors(certain: set[str], words: dict[str, str]) -> Parts:
    out: Parts = []
    for name in ("preferences", "unsubscribe"):
        if name not in certain:
            out += [
                '<p><a style="color:#5c6662" href="',
                {"system": name, "as": "html"},
                f'">{words[name]}</a></p>',
            ]
    return out


def with_closing_text(parts: Parts, look: BrandLook, language: str) -> Parts:
    """Return the text part with what it lacks of the footer, ending with a line break."""
    certain = certain_systems(parts)
    words = words_for(language)
    foot: Parts = []
    if "unsubscribe" not in certain:
        foot.append(f"\n{words['why'].format(name=look.name)}\n")
    for name in ("preferences", "unsubscribe"):
        if name not in certain:
            foot += [f"\n{words[name]}: ", {"system": name, "as": "text"}, "\n"]
    if not _says(parts, look.postal_address):
        foot.append(f"\n{look.name}\n{look.postal_address.strip()}\n")
    return _ended([*parts, *(["\n-- \n", *foot] if foot else [])])


def _says(parts: Parts, address: str) -> bool:
    """Say whether every recipient reads the postal address."""
    said = " ".join(part for part in parts if isinstance(part, str))
    squeezed = _squeeze(html.unescape(_TAG.sub(" ", said)))
    return all(_squeeze(line) in squeezed for line in address.splitlines())


def _squeeze(text: str) -> str:
    return "".join(char for char in text.lower() if char.isalnum())


def _inserted(parts: Parts, new: Parts, place: re.Pattern[str], *, at_end: bool) -> Parts:
    """Return the parts with new ones at a place of the outermost HTML; else at an edge."""
    order = range(len(parts) - 1, -1, -1) if at_end else range(len(parts))
    for index in order:
        part = parts[index]
        found = list(place.finditer(part)) if isinstance(part, str) else []
        if found and isinstance(part, str):
            cut = found[-1].start() if at_end else found[0].end()
            return [*parts[:index], *_cut(part, cut, new), *parts[index + 1 :]]
    return [*parts, *new] if at_end else [*new, *parts]


def _cut(part: str, cut: int, new: Parts) -> Parts:
    return [piece for piece in (part[:cut], *new, part[cut:]) if piece]


def _ended(parts: Parts) -> Parts:
    """Return the parts with exactly one line break at the end, so that nothing follows a body."""
    if parts and isinstance(parts[-1], str):
        return [*parts[:-1], parts[-1].rstrip() + "\n"]
    return [*parts, "\n"]
