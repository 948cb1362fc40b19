"""Finds the links of a compiled HTML, numbers the ones to track, names the others. Pure.

Each unique web address is one link, however often it appears. Addresses of mail, phone, places in
the mail itself, system pages and addresses that hold personal values are listed but not tracked.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from sincerely.apps.content.rules.liquid import SYSTEM_ROOTS
from sincerely.apps.content.rules.source import Lifted, Mark
from sincerely.apps.engagement.rules.tokens import CONFIRM_PAGE

MOST_LINKS = 500
LABELLED_ROLES = ("content", "action", "confirm")
UNTRACKED = ("mail", "phone", "place", "system", "personal", "broken", "empty")

_ANCHOR = re.compile(
    r"<(?P<name>a|area|v:\w+)\b(?P<before>[^>]*?)\s"
    r"(?P<attribute>href\s*=\s*)(?P<value>\"[^\"]*\"|'[^']*')(?P<after>[^>]*)>",
    re.IGNORECASE,
)
_OPEN = re.compile(r"<(?:a|area|v:\w+)\b", re.IGNORECASE)
_END = re.compile(r"</a\s*>", re.IGNORECASE)
_TAG = re.compile(r"<!--.*?-->|<[^<>]*>", re.DOTALL)
_ALT = re.compile(r"<img\b[^<>]*?\balt\s*=\s*(?:\"([^\"]*)\"|'([^']*)')", re.IGNORECASE)
_HOST = re.compile(r"(?i)[^\s/?#]+\.[^\s/?#.]+|localhost|\d{1,3}(?:\.\d{1,3}){3}|\[[\da-f:]+\]")


@dataclass(frozen=True, slots=True)
class LinkFacts:
    """One unique link as a writer sees it.

    `number` is None where it is not tracked, then `note` is one of UNTRACKED. `positions` count
    the links of the mail from 1. `block` is the id of the block by rule it stands in.
    """

    url: str
    text: str
    positions: tuple[int, ...]
    role: str = "content"
    note: str = ""
    number: int | None = None
    label_id: int | None = None
    block: str = ""

    @property
    def may_be_labelled(self) -> bool:
        """System, legal, mail and phone links say nothing about interests."""
        if self.url == CONFIRM_PAGE:  # staying is an act, not an interest
            return False
        return self.number is not None and self.role in LABELLED_ROLES


@dataclass(slots=True)
class _Finder:
    lifted: Lifted
    roles: Mapping[str, str]
    privacy_url: str = ""
    found: dict[str, LinkFacts] = field(default_factory=dict)
    position: int = 0

    def place(self, match: re.Match[str]) -> str:
        """Note one link and return its tag, with a token where the address is filled later."""
        value = html.unescape(match["value"][1:-1]).strip()
        facts = self._known(value, match)
        if facts.number is None:
            return match[0]
        token = self.lifted.add(Mark("link", str(facts.number)))
        return f'<{match["name"]}{match["before"]} {match["attribute"]}"{token}"{match["after"]}>'

    def _known(self, value: str, match: re.Match[str]) -> LinkFacts:
        is_drawn = match["name"].lower().startswith("v:")  # Outlook's copy of a button
        url = self.restored(value)
        known = self.found.get(url)
        if not is_drawn:
            self.position += 1
        if known is None:
            known = self._facts(url, value, match)
            known = replace(known, positions=() if is_drawn else known.positions)
        elif not known.positions and not is_drawn:
            known = replace(known, positions=(self.position,), text=self._words(match))
        elif not is_drawn:
            known = replace(known, positions=(*known.positions, self.position))
        self.found[url] = known
        return known

    def _facts(self, url: str, value: str, match: re.Match[str]) -> LinkFacts:
        note = self._note(url, value)
        tracked = sum(1 for link in self.found.values() if link.number is not None)
        return LinkFacts(
            url=url,
            text=self._words(match),
            positions=(self.position,),
            role=self._role(url, note, match),
            note=note,
            number=tracked + 1 if not note and tracked < MOST_LINKS else None,
        )

    def _note(self, url: str, value: str) -> str:
        marks = [self.lifted.mark_of(found) for found in self.lifted.token.finditer(value)]
        if any(system_of(mark) for mark in marks):
            return "system"
        return "personal" if marks else note_of(url)

    def _role(self, url: str, note: str, match: re.Match[str]) -> str:
        if note == "system":
            return next(name for root, name in SYSTEM_ROOTS.items() if root in url)
        if url == CONFIRM_PAGE:
            return "confirm"
        if url and url == self.privacy_url:
            return "legal"
        chosen = self.roles.get(url)
        return chosen or ("action" if _is_button(match[0]) else "content")

    def _words(self, match: re.Match[str]) -> str:
        if match["name"].lower() != "a":
            return ""
        end = _END.search(match.string, match.end())
        inner = match.string[match.end() : end.start() if end else match.end()]
        words = " ".join(html.unescape(_TAG.sub(" ", inner)).split())
        alt = _ALT.search(inner)
        if not words and alt:
            words = html.unescape(alt[1] or alt[2] or "")
        return self.restored(words)[:300]

    def restored(self, text: str) -> str:
        """Return a text with its Liquid as the writer wrote it."""

        def write(found: re.Match[str]) -> str:
            mark = self.lifted.mark_of(found)
            return f"{{{{ {mark.source} }}}}" if mark.sort == "output" else ""

        return self.lifted.token.sub(write, text)


def system_of(mark: Mark) -> str:
    """Return the system page that an output leads to, '' for none."""
    return SYSTEM_ROOTS.get(mark.source, "") if mark.sort == "output" else ""


def note_of(url: str) -> str:
    """Return why an address is not tracked, '' if it is."""
    if not url:
        return "empty"
    if url == CONFIRM_PAGE:
        return ""
    if url.startswith("#"):
        return "place" if len(url) > 1 else "empty"
    scheme = url.partition(":")[0].lower()
    if scheme in ("mailto", "tel", "sms"):
        return "mail" if scheme == "mailto" else "phone"
    return "" if is_web(url) else "broken"


def is_web(url: str) -> bool:
    """Say whether this is a whole web address with a host."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        return (
            parts.scheme.lower() in ("http", "https")
            and bool(_HOST.fullmatch(host if ":" not in host else f"[{host}]"))
            and not any(char.isspace() for char in url)
        )
    except ValueError:
        return False


def _is_button(tag: str) -> bool:
    low = tag.lower().replace(" ", "")
    return "display:inline-block" in low and ("background" in low or "padding" in low)


def place_links(
    lifted: Lifted, *, roles: Mapping[str, str], privacy_url: str = ""
) -> list[LinkFacts]:
    """Put tokens in the place of tracked addresses; return every unique link in order."""
    finder = _Finder(lifted, roles, privacy_url)
    lifted.text = "".join(_placed(finder, lifted.text))
    return list(finder.found.values())


def _placed(finder: _Finder, text: str) -> Iterator[str]:
    """Yield the text piece by piece; each tag is looked at once, however odd its names are."""
    at = last = 0
    while opened := _OPEN.search(text, at):
        found = _ANCHOR.match(text, opened.start())
        if found:
            yield text[last : found.start()]
            yield finder.place(found)
            at = last = found.end()
        else:
            at = text.find(">", opened.end()) + 1 or len(text)
    yield text[last:]


def with_utm(url: str, utm: Mapping[str, Any]) -> str:
    """Return the address with UTM parameters that it does not have yet; the fragment stays last."""
    wanted = {f"utm_{key.removeprefix('utm_')}": str(value) for key, value in utm.items() if value}
    parts = urlsplit(url)
    present = {key for key, _ in parse_qsl(parts.query, keep_blank_values=True)}
    added = urlencode(
        {key: value for key, value in wanted.items() if key not in present}, quote_via=quote
    )
    query = "&".join(filter(None, (parts.query, added)))
    return urlunsplit(parts._replace(query=query))
