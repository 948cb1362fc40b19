"""Turns a row of cells into a record: the contact as the file tells it, with what was wrong.

A plan is compiled once per import (one reader per column); the loop over a million rows then only
calls it. A bad cell costs that cell, never the row; a bad address costs the row.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from typing import Any

from sincerely.apps.contacts.rules.addresses import BadAddress, key_of, parse_address
from sincerely.apps.people.rules.cells import (
    BadCell,
    read_boolean,
    read_moment,
    read_number,
    unguard,
)
from sincerely.apps.people.rules.choices import Choices, KnownField, Target

TEXT_CHARS = 2000
FAR = datetime(9999, 1, 1, tzinfo=UTC)
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


@dataclass(slots=True)
class Record:
    """One row understood. `problems` are (code, detail) of cells that were not taken."""

    number: int
    address: str
    domain: str
    key: bytes
    core: dict[str, str] = field(default_factory=dict)
    fields: dict[str, Any] = field(default_factory=dict)
    labels: list[int] = field(default_factory=list)
    moments: dict[str, datetime] = field(default_factory=dict)
    proof: dict[str, str] = field(default_factory=dict)
    problems: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Reject:
    """A row that is not taken, with the code of the reason."""

    number: int
    reason: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class World:
    """What a plan must know of the installation, given from outside."""

    address_key: bytes
    labels: Mapping[str, int]
    fields: Mapping[str, KnownField] = field(default_factory=dict)
    zone: tzinfo = UTC
    now: datetime = FAR
    zones: frozenset[str] = frozenset()


Step = Callable[[str, Record], None]


class Plan:
    """The compiled choices: `read` turns cells into a record or a reject."""

    def __init__(self, choices: Choices, world: World) -> None:
        place = choices.place_of("address")
        self._address = -1 if place is None else place
        self._key = world.address_key
        self.labels = world.labels
        self._always = list(choices.label_ids)
        self._steps = [
            (place, _step(target, world))
            for place, target in enumerate(choices.targets)
            if target.to not in ("ignore", "address")
        ]

    def key_of(self, cells: Sequence[str]) -> bytes | None:
        """Return only the address key, or None where the row will be rejected."""
        try:
            return key_of(self._key, parse_address(cells[self._address]).key_text)
        except (BadAddress, IndexError):
            return None

    def read(self, number: int, cells: Sequence[str]) -> Record | Reject:
        """Return the row as a record, or why it is not taken."""
        raw = unguard(cells[self._address].strip())
        if not raw:
            return Reject(number, "no_address")
        try:
            parsed = parse_address(raw)
        except BadAddress as problem:
            return Reject(number, "bad_address", str(problem))
        record = Record(number, parsed.address, parsed.domain, key_of(self._key, parsed.key_text))
        record.labels.extend(self._always)
        for place, step in self._steps:
            cell = cells[place].strip()
            if cell:
                step(cell, record)
        return record


def merge(earlier: Record, later: Record) -> Record:
    """Return two rows of one address as one: later values win, labels and problems add up."""
    moments = dict(earlier.moments)
    for name, at in later.moments.items():
        moments[name] = max(at, moments.get(name, at)) if name.startswith("last_") else at
    return Record(
        later.number,
        later.address,
        later.domain,
        later.key,
        earlier.core | later.core,
        earlier.fields | later.fields,
        list(dict.fromkeys(earlier.labels + later.labels)),
        moments,
        earlier.proof | later.proof,
        earlier.problems + later.problems,
    )


def _step(target: Target, world: World) -> Step:
    makers: dict[str, Callable[[], Step]] = {
        "labels": lambda: _labels(target, world),
        "label_flag": lambda: _labels(target, world),
        "field": lambda: _custom(target, world),
        "new_field": lambda: _custom(target, world),
        "full_name": lambda: _full_name,
        "language": lambda: _language,
        "time_zone": lambda: _time_zone(world.zones),
    }
    if target.to.endswith("_at"):
        return _moment(target, world)
    maker = makers.get(target.to)
    return maker() if maker else _text(target.to)


def _text(name: str) -> Step:
    limit = LIMITS[name]

    def step(cell: str, record: Record) -> None:
        value = " ".join(unguard(cell).split())
        if len(value) > limit:
            record.problems.append(("too_long", name))
            value = value[:limit]
        (record.proof if name in ("document", "ip") else record.core)[name] = value

    return step


def _full_name(cell: str, record: Record) -> None:
    value = " ".join(unguard(cell).split())[:240]
    if "," in value:
        last, _, first = (part.strip() for part in value.partition(","))
    else:
        first, _, last = value.partition(" ")
    record.core.setdefault("first_name", first[:120])
    if last:
        record.core.setdefault("last_name", last[:120])


@lru_cache(maxsize=1000)
def language_code(word: str) -> str:
    """Return the primary subtag of a language's name or code, '' where it is none."""
    folded = word.casefold()
    code = LANGUAGES.get(folded) or re.split(r"[-_]", folded)[0]
    return code if re.fullmatch(r"[a-z]{2,3}", code) else ""


def _language(cell: str, record: Record) -> None:
    code = language_code(cell)
    if not code:
        record.problems.append(("bad_language", cell[:60]))
        return
    record.core["language"] = code


def _time_zone(zones: frozenset[str]) -> Step:
    def step(cell: str, record: Record) -> None:
        if cell not in zones:
            record.problems.append(("bad_time_zone", cell[:60]))
            return
        record.core["time_zone"] = cell

    return step


def _moment(target: Target, world: World) -> Step:
    def step(cell: str, record: Record) -> None:
        try:
            at = read_moment(cell, order=target.order, zone=world.zone)
            if at > world.now:
                raise BadCell("future_date")
            record.moments[target.to] = at
        except BadCell as problem:
            record.problems.append((str(problem), f"{target.to}: {cell[:60]}"))

    return step


def _labels(target: Target, world: World) -> Step:
    cache: dict[str, tuple[list[int], list[tuple[str, str]]]] = {}

    def split(cell: str) -> tuple[list[int], list[tuple[str, str]]]:
        names = [unguard(part.strip()) for part in cell.split(",") if part.strip()]
        known = [world.labels[name] for name in names if name in world.labels]
        return known, [("unknown_label", name[:80]) for name in names if name not in world.labels]

    def step(cell: str, record: Record) -> None:
        found = cache.get(cell)
        if found is None:
            found = split(unguard(cell))
            if len(cache) < 20_000:
                cache[cell] = found
        record.labels.extend(label for label in found[0] if label not in record.labels)
        record.problems.extend(found[1])

    def flag(cell: str, record: Record) -> None:
        try:
            if read_boolean(cell):
                step(target.label, record)
        except BadCell:
            record.problems.append(("bad_boolean", f"{target.label}: {cell[:60]}"))

    return flag if target.to == "label_flag" else step


def _custom(target: Target, world: World) -> Step:
    known = world.fields.get(target.key)
    read = _reader(target, known.kind if known else target.kind, known.choices if known else ())

    def step(cell: str, record: Record) -> None:
        try:
            record.fields[target.key] = read(unguard(cell))
        except BadCell as problem:
            record.problems.append((str(problem), f"{target.name or target.key}: {cell[:60]}"))

    return step


def _reader(target: Target, kind: str, choices: tuple[str, ...]) -> Callable[[str], Any]:
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

    readers: dict[str, Callable[[str], Any]] = {
        "number": number,
        "date": date,
        "boolean": read_boolean,
        "choice": choice,
    }
    return readers.get(kind, text)
