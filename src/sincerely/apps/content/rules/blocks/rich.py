"""Limited HTML for typed text: what survives, and how Liquid passes through unharmed.

Everything typed into a block is cleaned by nh3 on the way in, so a pasted page cannot bring
scripts, styles or odd elements into a mail. Liquid is lifted out before cleaning (its quotes and
comparison signs are not HTML) and put back untouched.
"""

from __future__ import annotations

import html
import re
from urllib.parse import urlsplit

import nh3

from sincerely.apps.engagement.rules.tokens import CONFIRM_PAGE

LIQUID = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_TOKEN = re.compile("\ue000(\\d+)\ue001")
_DIV = re.compile(r"<(/?)div\b[^>]*>", re.IGNORECASE)
_OPEN = re.compile(r"<a\b[^>]*?\bhref=\"([^\"]*)\"[^>]*>(.*?)</a>", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(r"<[^>]+>")
TAGS = {
    *("p", "br", "strong", "b", "em", "i", "u", "s", "a", "ul", "ol", "li"),
    *("h1", "h2", "h3", "blockquote", "sup", "sub"),
}
SCHEMES = {"http", "https", "mailto", "tel"}
SNIPPET_TAGS = {
    *TAGS,
    *("table", "thead", "tbody", "tfoot", "tr", "td", "th", "caption", "img", "div", "span", "hr"),
    *("center", "font", "small", "h4", "h5", "h6", "pre", "code"),
}
_BOX = {"style", "class", "align", "valign", "width", "height", "bgcolor", "role", "dir", "lang"}
SNIPPET_ATTRIBUTES = {
    **{tag: set(_BOX) for tag in SNIPPET_TAGS},
    "a": _BOX | {"href", "title", "target"},
    "img": _BOX | {"src", "alt", "border"},
    "table": _BOX | {"cellpadding", "cellspacing", "border"},
    "td": _BOX | {"colspan", "rowspan"},
    "th": _BOX | {"colspan", "rowspan", "scope"},
    "font": {"color", "face", "size"},
}


def lift(text: str) -> tuple[str, list[str]]:
    """Return the text with each piece of Liquid replaced by a mark, and the pieces."""
    pieces: list[str] = []

    def mark(found: re.Match[str]) -> str:
        pieces.append(html.unescape(_TAG.sub("", found[0]).replace("\xa0", " ")))
        return f"\ue000{len(pieces) - 1}\ue001"

    unmarked = text.replace("\ue000", "").replace("\ue001", "")
    return LIQUID.sub(mark, unmarked), pieces


def put_back(text: str, pieces: list[str]) -> str:
    """Return the text with its Liquid in place again."""
    return _TOKEN.sub(lambda found: pieces[int(found[1])] if pieces else "", text)


def clean_rich(text: str) -> str:
    """Return typed text with only the allowed elements; links keep their address alone."""
    lifted, pieces = lift(_DIV.sub(r"<\1p>", text))
    cleaned = nh3.clean(
        lifted,
        tags=TAGS,
        attributes={"a": {"href", "title"}},
        url_schemes=SCHEMES,
        link_rel=None,
        strip_comments=True,
    )
    return put_back(cleaned, pieces).strip()


def clean_snippet(text: str) -> str:
    """Return pasted HTML without anything that could run; styles and tables stay."""
    lifted, pieces = lift(text)
    cleaned = nh3.clean(
        lifted,
        tags=SNIPPET_TAGS,
        attributes=SNIPPET_ATTRIBUTES,
        url_schemes=SCHEMES | {"cid"},
        link_rel=None,
        strip_comments=True,
    )
    return put_back(cleaned, pieces).strip()


def clean_url(value: str) -> str:
    """Return a link's address, '' where its scheme may not stand in a mail."""
    value = "".join(value.split()) if "{" not in value else value.strip()
    if not value or value == CONFIRM_PAGE or LIQUID.match(value) or value.startswith("#"):
        return value
    try:
        scheme = urlsplit(value).scheme.lower()
    except ValueError:
        return ""
    if not scheme:
        return f"https://{value.lstrip('/')}" if "." in value else ""
    return value if scheme in SCHEMES else ""


def escape(value: str) -> str:
    """Return a plain value for an attribute or text of MJML; Liquid stays as it is."""
    lifted, pieces = lift(value)
    return put_back(html.escape(lifted), pieces)


def links_in(text: str) -> list[tuple[str, str]]:
    """Return each link of rich text as (address, words), in order."""
    return [
        (html.unescape(found[1]), html.unescape(_TAG.sub("", found[2])).strip())
        for found in _OPEN.finditer(text)
    ]


def words_of(text: str) -> str:
    """Return the bare words of rich text."""
    return html.unescape(_TAG.sub(" ", text)).strip()
