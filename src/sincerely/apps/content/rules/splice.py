"""The splice: a part of a mail as bytes encoded once, with places for what differs. Pure.

A `Sheet` is static bytes and places in turn. What a place shows comes from a few sources (a slot,
an address of this message, a condition); a source that stands in forty places is asked once per
mail, and all of a mail is one copy of a list and one join in C.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from html import escape
from operator import itemgetter
from typing import Any

from sincerely.apps.content.rules.compiled import Part, Parts, joined
from sincerely.apps.content.rules.encoding import SOFT, encode_chunk, encode_piece
from sincerely.apps.content.rules.values import SHAPES, Person, check_of, text_of, value_of

LARGEST_MEMORY = 20_000
PIXEL = '<img src="{}" alt="" width="1" height="1" border="0">'


@dataclass(slots=True)
class Ride:
    """What one rendering carries: the person, the blocks shown, the addresses of this message.

    `html_prefix` and `text_prefix` are the encoded start of every tracked address, b'' where the
    addresses have no common start.
    """

    person: Person
    shown: Collection[int]
    link_url: Callable[[int], str]
    systems: dict[str, str]
    html_prefix: bytes = b""
    text_prefix: bytes = b""


Source = Callable[[Ride], bytes]


class Sheet:
    """One part of a mail, ready to be filled; made by `sheet_of`."""

    __slots__ = ("_items", "_pick", "_places", "_sources")

    def __init__(
        self, items: list[bytes], *, sources: Sequence[Source], places: Sequence[int]
    ) -> None:
        self._items = items
        self._sources = sources
        self._places = places
        self._pick = itemgetter(*places) if len(places) > 1 else None

    def fill(self, ride: Ride) -> bytes:
        """Return the part for one person."""
        items = self._items.copy()
        values = [source(ride) for source in self._sources]
        if self._pick is not None:
            items[1::2] = self._pick(values)
        elif values:
            items[1] = values[0]
        return b"".join(items)


@dataclass(slots=True)
class _Draft:
    """A sheet while it is made: static bytes gather until a place ends them."""

    items: list[bytes] = field(default_factory=lambda: [b""])
    sources: list[Source] = field(default_factory=list)
    places: list[int] = field(default_factory=list)
    known: dict[str, int] = field(default_factory=dict)

    def put(self, static: bytes) -> None:
        """Add static bytes."""
        self.items[-1] += static

    def place(self, key: str, make: Callable[[], Source]) -> None:
        """Add a place for the source of this key, which is made at its first place."""
        if key not in self.known:
            self.known[key] = len(self.sources)
            self.sources.append(make())
        self.places.append(self.known[key])
        self.items += [b"", b""]


def sheet_of(parts: Parts, *, language: str, is_tracked: bool) -> Sheet:
    """Return the sheet of a list of parts.

    `is_tracked`: all links of a message start alike (`Ride.html_prefix`), so that only their start
    is a place and their number is static; else each link is a place of its own.
    """
    draft = _Draft()
    for part in joined(parts):
        _add(draft, part, language=language, is_tracked=is_tracked)
    return Sheet(draft.items, sources=draft.sources, places=draft.places)


def _add(draft: _Draft, part: Part, *, language: str, is_tracked: bool) -> None:
    if isinstance(part, str):
        draft.put(encode_chunk(part))
        return
    key = json.dumps(part, sort_keys=True)
    if "slot" in part:
        draft.place(key, lambda: _slot(part, language))
    elif "system" in part:
        draft.place(key, lambda: _system(part))
    elif "link" not in part:
        choice = _choice if "if" in part else _block
        draft.place(key, lambda: choice(part, language=language, is_tracked=is_tracked))
    elif is_tracked:
        draft.put(SOFT)
        draft.place(f"prefix {part['as']}", lambda: _prefix(part))
        draft.put(b"%b%d%b" % (SOFT, part["link"], SOFT))  # the prefix may fill its line
    else:
        draft.place(key, lambda: _link(part))


def _slot(part: dict[str, Any], language: str) -> Source:
    expression = part["slot"]
    value = value_of(expression, language=language)
    shape = SHAPES[part["as"]]

    def fresh(ride: Ride) -> bytes:
        return encode_piece(shape(text_of(value(ride.person))))

    path = expression["path"]
    if len(path) != 2 or path[0] != "contact":
        return fresh
    key = path[1]
    memory: dict[Any, bytes] = {}

    def remembered(ride: Ride) -> bytes:
        raw = ride.person.get(key)
        if type(raw) is not str and raw is not None:  # 1, 1.0 and True are one key of a dict
            return fresh(ride)
        known = memory.get(raw)
        if known is None:
            if len(memory) > LARGEST_MEMORY:
                memory.clear()
            known = memory[raw] = fresh(ride)
        return known

    return remembered


def _prefix(part: dict[str, Any]) -> Source:
    if part["as"] == "html":
        return lambda ride: ride.html_prefix
    return lambda ride: ride.text_prefix


def _link(part: dict[str, Any]) -> Source:
    number = part["link"]
    shape = _shape_of(part)
    return lambda ride: encode_piece(shape(ride.link_url(number)))


def _system(part: dict[str, Any]) -> Source:
    name = part["system"]
    shape = _shape_of(part)
    if name != "open":
        return lambda ride: encode_piece(shape(ride.systems[name]))

    def pixel(ride: Ride) -> bytes:
        url = ride.systems["open"]
        return encode_piece(PIXEL.format(shape(url)) if url else "")

    return pixel


def _shape_of(part: dict[str, Any]) -> Callable[[str], str]:
    return escape if part["as"] == "html" else str


def _choice(part: dict[str, Any], *, language: str, is_tracked: bool) -> Source:
    branches = [
        (check_of(condition, language=language), _framed(parts, language, is_tracked=is_tracked))
        for condition, parts in part["if"]
    ]
    otherwise = _framed(part["else"], language, is_tracked=is_tracked)

    def choose(ride: Ride) -> bytes:
        for test, source in branches:
            if test(ride.person):
                return source(ride)
        return otherwise(ride)

    return choose


def _block(part: dict[str, Any], *, language: str, is_tracked: bool) -> Source:
    number = part["block"]
    then = _framed(part["then"], language, is_tracked=is_tracked)
    otherwise = _framed(part["else"], language, is_tracked=is_tracked)
    return lambda ride: then(ride) if number in ride.shown else otherwise(ride)


def _framed(parts: Parts, language: str, *, is_tracked: bool) -> Source:
    """A branch's parts between soft line breaks, so that all of it begins at column 0."""
    if not joined(parts):
        return lambda _ride: SOFT
    sheet = sheet_of(parts, language=language, is_tracked=is_tracked)
    return lambda ride: b"%b%b%b" % (SOFT, sheet.fill(ride), SOFT)
