"""Reads the cells of one column; what a cell meant is remembered.

A reader is called once per distinct cell: the columns of a million rows hold few different names,
dates and labels, so that a cell costs a look into a dictionary. A bad cell costs itself, not the
row.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sincerely.apps.people.rules.cells import (
    BadCell,
    read_boolean,
    read_moment,
    read_number,
    unguard,
)
from sincerely.apps.people.rules.choices import Target
from sincerely.apps.people.rules.world import World

Read = Callable[[str], Any]

TEXT_CHARS = 2000
OPTION_CHARS = 120
MOST_OPTIONS = 100
REMEMBERED_CHARS = 80
LIMITS = {"first_name": 120, "last_name": 120, "document": 300, "ip": 45}
NAMES_OF = {
    "en": "english engels engelska engelsk",
    "nl": "dutch nederlands vlaams",
    "sv": "swedish svenska zweeds se",
    "da": "danish dansk deens dk",
    "fr": "french français frans",
    "de": "german deutsch duits",
}
LANGUAGES = {name: code for code, names in NAMES_OF.items() for name in names.split()}


@dataclass(frozen=True, slots=True)
class Odd:
    """A cell that was not taken, or not wholly: what was taken, and (code, detail) of the rest."""

    value: Any
    problems: tuple[tuple[str, str], ...]


class Memo(dict[str, Any]):
    """The meaning of cells by their text; None is an empty cell. `has_odd` tells of any `Odd`."""

    def __init__(self, read: Read, *, size: int) -> None:
        super().__init__()
        self._read, self._size = read, size
        self.has_odd = False

    def __missing__(self, cell: str) -> Any:
        text = cell.strip()
        value = self._read(text) if text else None
        if type(value) is Odd:
            self.has_odd = True
        if len(self) < self._size and len(cell) <= REMEMBERED_CHARS:
            self[cell] = value
        return value


def reader(
    target: Target, world: World, *, column: str = "", options: list[str] | None = None
) -> Read:
    """Return what reads the stripped, not empty cells of a column with this target.

    What it has to complain about, it says of `column`, the name in the file. A new field to choose
    from puts what it finds into `options`.
    """
    column = column or target.name or target.label or target.key or target.to
    if target.to in ("labels", "label_flag"):
        return _labels(target, world.labels, column)
    if target.to in ("field", "new_field"):
        found = options if target.to == "new_field" and target.kind == "choice" else None
        return _guarded(_custom(target, world, options=found), column)
    if target.to in ("full_name", "language"):
        return _full_name if target.to == "full_name" else _language
    if target.to == "time_zone":
        return _time_zone(world.zones)
    if target.to.endswith("_at"):
        return _moment(target, world, column)
    return _text(LIMITS[target.to], column)


def _text(limit: int, column: str) -> Read:
    def read(cell: str) -> Any:
        value = " ".join(unguard(cell).split())
        return Odd(value[:limit], (("too_long", column),)) if len(value) > limit else value

    return read


def _full_name(cell: str) -> tuple[str, str | None]:
    value = " ".join(unguard(cell).split())[:240]
    if "," in value:
        last, _, first = (part.strip() for part in value.partition(","))
    else:
        first, _, last = value.partition(" ")
    return first[:120], last[:120] or None


@lru_cache(maxsize=1000)
def language_code(word: str) -> str:
    """Return the primary subtag of a language's name or code, '' where it is none."""
    folded = word.casefold()
    code = LANGUAGES.get(folded) or re.split(r"[-_]", folded)[0]
    return code if re.fullmatch(r"[a-z]{2,3}", code) else ""


def _language(cell: str) -> Any:
    return language_code(cell) or Odd(None, (("bad_language", cell[:60]),))


def _time_zone(zones: frozenset[str]) -> Read:
    def read(cell: str) -> Any:
        return cell if cell in zones else Odd(None, (("bad_time_zone", cell[:60]),))

    return read


def _moment(target: Target, world: World, column: str) -> Read:
    def read(cell: str) -> datetime:
        at = read_moment(cell, order=target.order, zone=world.zone)
        if at > world.now:
            raise BadCell("future_date")
        return at

    return _guarded(read, column)


def _guarded(read: Read, column: str) -> Read:
    def guarded(cell: str) -> Any:
        try:
            return read(cell)
        except BadCell as problem:
            return Odd(None, ((str(problem), f"{column}: {cell[:60]}"),))

    return guarded


def _labels(target: Target, labels: Mapping[str, int], column: str) -> Read:
    def read(cell: str) -> Any:
        names = [unguard(part.strip()) for part in unguard(cell).split(",") if part.strip()]
        known = tuple(dict.fromkeys(labels[name] for name in names if name in labels))
        unknown = tuple(("unknown_label", name[:80]) for name in names if name not in labels)
        return Odd(known, unknown) if unknown else known

    def flag(cell: str) -> Any:
        return read(target.label) if read_boolean(cell) else ()

    return _guarded(flag, column) if target.to == "label_flag" else read


def _custom(target: Target, world: World, *, options: list[str] | None) -> Read:
    """Return what reads a cell as its part of the contact's JSON, for example `"city": "Gent"`."""
    known = world.fields.get(target.key)
    if options is None:
        read = _valued(target, known.kind if known else target.kind, known.choices if known else ())
    else:
        read = _gathering(options)
    name = json.dumps(target.key)

    def encoded(cell: str) -> str:
        return f"{name}: {json.dumps(read(unguard(cell)))}"

    return encoded


def _gathering(options: list[str]) -> Read:
    """Return what takes each different value of a file as an option, up to as many as one reads."""

    def read(cell: str) -> str:
        if cell in options:
            return cell
        if len(cell) > OPTION_CHARS:
            raise BadCell("too_long")
        if len(options) >= MOST_OPTIONS or len(cell.splitlines()) > 1:
            raise BadCell("unknown_choice")
        options.append(cell)
        return cell

    return read


def _valued(target: Target, kind: str, choices: tuple[str, ...]) -> Read:
    def text(cell: str) -> str:
        if len(cell) > TEXT_CHARS:
            raise BadCell("too_long")
        return cell

    def choice(cell: str) -> str:
        if choices and cell not in choices:
            raise BadCell("unknown_choice")
        return text(cell)

    def date(cell: str) -> str:
        return read_moment(cell, order=target.order).date().isoformat()

    def number(cell: str) -> int | float:
        return read_number(cell, decimal_comma=target.decimal_comma)

    readers: dict[str, Read] = {
        "number": number,
        "date": date,
        "boolean": read_boolean,
        "choice": choice,
    }
    return readers.get(kind, text)
