"""Turns rows of cells into a table of people, column by column, with what was wrong.

A plan is compiled once per import. A bad cell costs that cell, never the row; a bad address costs
the row. Of rows with one address, later values win, and labels and problems add up.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import compress
from typing import Any

from sincerely.apps.contacts.rules.addresses import (
    BadAddress,
    keys_of,
    parse_address,
    plain_address,
)
from sincerely.apps.people.rules.cells import unguard
from sincerely.apps.people.rules.choices import Choices, Target
from sincerely.apps.people.rules.reading import Memo, Odd, reader
from sincerely.apps.people.rules.world import World

CORE = ("first_name", "last_name", "language", "time_zone")
TAKE, DUPLICATE, MERGED = 0, 1, 2
REMEMBERED_CELLS = 200_000


@dataclass(slots=True)
class Record:
    """One person of the file; what the file does not tell is absent."""

    number: int
    address: str
    key: bytes
    core: dict[str, str] = field(default_factory=dict)
    fields: dict[str, Any] = field(default_factory=dict)
    moments: dict[str, datetime] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reject:
    """A row that is not taken, with the code of the reason."""

    number: int
    reason: str
    detail: str = ""


@dataclass(slots=True)
class Table:
    """People as columns of one length; None is a cell that was empty or not taken.

    `fields` holds parts of a JSON object; `problems` are (row, code, detail) by place: of rows put
    together, each keeps its own number.
    """

    numbers: list[int] = field(default_factory=list)
    addresses: list[str] = field(default_factory=list)
    domains: list[str] = field(default_factory=list)
    keys: list[bytes] = field(default_factory=list)
    columns: dict[str, list[Any]] = field(default_factory=dict)
    fields: list[list[str | None]] = field(default_factory=list)
    labels: list[tuple[int, ...]] = field(default_factory=list)
    problems: dict[int, list[tuple[int, str, str]]] = field(default_factory=dict)

    def column(self, name: str) -> list[Any]:
        """Return a column, empty cells where the file has none of this name."""
        return self.columns.get(name) or [None] * len(self.keys)

    def record(self, place: int) -> Record:
        """Return one person."""
        values = {name: column[place] for name, column in self.columns.items()}
        parts = [column[place] for column in self.fields]
        return Record(
            self.numbers[place],
            self.addresses[place],
            self.keys[place],
            {name: values[name] for name in CORE if values.get(name) is not None},
            json.loads(json_of_parts(parts)),
            {n: at for n, at in values.items() if n.endswith("_at") and at is not None},
        )

    def keep(self, wanted: Sequence[bool]) -> None:
        """Drop the people who are not wanted."""
        places = list(compress(range(len(wanted)), wanted))
        moved = {old: new for new, old in enumerate(places)}
        for column in self._all():
            column[:] = compress(column, wanted)
        self.problems = {moved[p]: found for p, found in self.problems.items() if p in moved}

    def _all(self) -> list[list[Any]]:
        own: list[list[Any]] = [self.numbers, self.addresses, self.domains, self.keys, self.labels]
        return [*own, *self.columns.values(), *self.fields]

    def merge(self, earlier: int, later: int) -> None:
        """Put the later row of an address into the earlier one, which the caller then drops."""
        for name, column in self.columns.items():
            old, new = column[earlier], column[later]
            if new is not None:
                latest = name.startswith("last_") and name.endswith("_at") and old is not None
                column[earlier] = max(old, new) if latest else new
        for column in self.fields:
            column[earlier] = column[later] or column[earlier]
        self.numbers[earlier] = self.numbers[later]
        self.addresses[earlier] = self.addresses[later]
        self.domains[earlier] = self.domains[later]
        self.labels[earlier] = _union(self.labels[earlier], self.labels[later])
        if later in self.problems:
            self.problems.setdefault(earlier, []).extend(self.problems[later])


def json_of_parts(parts: Iterable[str | None]) -> str:
    """Return the JSON object of these parts."""
    return "{" + ", ".join(filter(None, parts)) + "}"


def _union(*sets: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(dict.fromkeys(label for labels in sets for label in labels))


class Plan:
    """The compiled choices: `read` turns staged rows into a table and rejects."""

    def __init__(self, choices: Choices, world: World, *, header: Sequence[str] = ()) -> None:
        meant = {
            name: world.labels[label]
            for name, label in choices.label_names.items()
            if label in world.labels
        }
        readable = replace(world, labels=meant | dict(world.labels))
        place = choices.place_of("address")
        self._address = -1 if place is None else place
        self._key = world.address_key
        self.labels = world.labels
        self._always = tuple(choices.label_ids)
        size = REMEMBERED_CELLS // max(len(choices.targets), 10)
        self._memos: list[tuple[int, Target, Memo]] = []
        self._options: dict[int, list[str]] = {}
        for place, target in enumerate(choices.targets):
            if target.to not in ("ignore", "address"):
                found = self._options.setdefault(place, [])
                read = reader(target, readable, column=_named(header, place), options=found)
                self._memos.append((place, target, Memo(read, size=size)))

    def options(self) -> dict[str, list[str]]:
        """Return, by the number of its column, the options that a new field has so far."""
        return {
            str(place): sorted(found, key=str.casefold)
            for place, found in self._options.items()
            if found
        }

    def keys_of(self, rows: Sequence[list[Any]]) -> bytes:
        """Return the address keys of staged rows, 16 zero bytes for each that will be rejected."""
        texts = [self._key_text(row[1]) if isinstance(row[1], list) else "" for row in rows]
        found = iter(keys_of(self._key, filter(None, texts)))
        return b"".join(next(found) if text else bytes(16) for text in texts)

    def _key_text(self, cells: Sequence[str]) -> str:
        raw = unguard(cells[self._address].strip())
        if plain_address(raw):
            return raw.lower()
        try:
            return parse_address(raw).key_text
        except BadAddress:
            return ""

    def read(self, rows: Sequence[list[Any]], flags: bytes) -> tuple[Table, list[Reject]]:
        """Return the people of staged rows, each address once, and the rows not taken."""
        rejects: list[Reject] = []
        good = []
        for row, flag in zip(rows, flags, strict=True):
            if not isinstance(row[1], list):
                rejects.append(Reject(row[0], row[1], row[2]))
            elif flag == DUPLICATE:
                rejects.append(Reject(row[0], "duplicate"))
            else:
                good.append(row)
        table, good = self._addressed(good, rejects)
        columns = list(zip(*(row[1] for row in good), strict=True))
        self._fill(table, columns)
        if MERGED in flags:
            _merge_shared(table)
        return table, rejects

    def _addressed(
        self, rows: list[list[Any]], rejects: list[Reject]
    ) -> tuple[Table, list[list[Any]]]:
        """Return a table with numbers and addresses, and the rows that have a good one."""
        place = self._address
        raws = [unguard(row[1][place].strip()) for row in rows]
        plain = list(map(plain_address, raws))
        lowered = [raw.lower() for raw in raws]
        for number, found in enumerate(plain):
            if found is None:
                plain[number], lowered[number] = _with_thought(
                    rows[number][0], raws[number], rejects
                )
        if None in plain:
            good = [found is not None for found in plain]
            rows, lowered = list(compress(rows, good)), list(compress(lowered, good))
            plain = list(filter(None, plain))
        table = Table(
            numbers=[row[0] for row in rows],
            addresses=[f"{found[0]}@{found[1]}" for found in plain if found],
            domains=[found[1] for found in plain if found],
            keys=keys_of(self._key, lowered),
        )
        return table, rows

    def _fill(self, table: Table, columns: list[tuple[str, ...]]) -> None:
        label_columns: list[list[Any]] = []
        for place, target, memo in self._memos:
            values = list(map(memo.__getitem__, columns[place])) if columns else []
            if memo.has_odd:
                _take_problems(values, table)
            if target.to in ("labels", "label_flag"):
                label_columns.append(values)
            elif target.to in ("field", "new_field"):
                table.fields.append(values)
            elif target.to == "full_name":
                _split_names(values, table)
            else:
                table.columns[target.to] = _first_known(values, table.columns.get(target.to))
        table.labels = self._labels_of(label_columns, len(table.keys))

    def _labels_of(self, columns: list[list[Any]], count: int) -> list[tuple[int, ...]]:
        always = self._always
        if not columns:
            return [always] * count
        if len(columns) == 1 and not always:
            return [labels or () for labels in columns[0]]
        return [_union(always, *filter(None, sets)) for sets in zip(*columns, strict=True)]


def _named(header: Sequence[str], place: int) -> str:
    return header[place].strip() if place < len(header) else ""


def _with_thought(
    number: int, raw: str, rejects: list[Reject]
) -> tuple[tuple[str, str] | None, str]:
    """Return local part and domain, and the text of the key, of an address that is not plain."""
    if not raw:
        rejects.append(Reject(number, "no_address"))
        return None, ""
    try:
        parsed = parse_address(raw)
    except BadAddress:
        # What stands there says it in every language; the library's reasons are English.
        rejects.append(Reject(number, "bad_address", raw[:200]))
        return None, ""
    return (parsed.local, parsed.domain), parsed.key_text


def _take_problems(values: list[Any], table: Table) -> None:
    for place, value in enumerate(values):
        if type(value) is Odd:
            found = table.problems.setdefault(place, [])
            found += [(table.numbers[place], *problem) for problem in value.problems]
            values[place] = value.value


def _split_names(values: list[Any], table: Table) -> None:
    """Put full names where the columns of first and last name say nothing."""
    for name, part in (("first_name", 0), ("last_name", 1)):
        split = [full[part] if full else None for full in values]
        table.columns[name] = _first_known(table.column(name), split)


def _first_known(values: list[Any], others: list[Any] | None) -> list[Any]:
    """Return the values, and the others where there is none."""
    if others is None:
        return values
    return [
        value if value is not None else other for value, other in zip(values, others, strict=True)
    ]


def _merge_shared(table: Table) -> None:
    first: dict[bytes, int] = {}
    wanted = [True] * len(table.keys)
    for place, key in enumerate(table.keys):
        earlier = first.setdefault(key, place)
        if earlier != place:
            table.merge(earlier, place)
            wanted[place] = False
    table.keep(wanted)
