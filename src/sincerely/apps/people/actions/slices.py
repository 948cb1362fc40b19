"""What the steps of taking a slice hand to each other."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sincerely.apps.people.rules.choices import Choices
from sincerely.apps.people.rules.record import Reject, Table


@dataclass(frozen=True, slots=True)
class Batch:
    """What stays the same for all slices of one import."""

    import_id: int
    choices: Choices
    member_id: int | None
    api_key_id: int | None
    now: datetime


@dataclass(slots=True)
class Taken:
    """What a slice did: counts, and per row what was not taken."""

    counts: Counter[str] = field(default_factory=Counter)
    notes: list[tuple[int, str, str]] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)


@dataclass(slots=True)
class Slice:
    """The people of a slice by place; `known` says who is no newcomer.

    `before` holds, by place, what the import changed of people who were known.
    """

    table: Table
    ids: list[int]
    known: list[bool]
    suppressed: dict[int, frozenset[str]]
    before: dict[int, dict[str, Any]] = field(default_factory=dict)
    taken: Taken = field(default_factory=Taken)

    def note(self, place: int, reason: str, detail: str = "") -> None:
        """Remember something of a row that was not taken."""
        self.taken.notes.append((self.table.numbers[place], reason, detail))
