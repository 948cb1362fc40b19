"""What the steps of taking a slice hand to each other."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from sincerely.apps.people.rules.choices import Choices
from sincerely.apps.people.rules.outcome import Change
from sincerely.apps.people.rules.record import Record, Reject


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

    def note(self, record: Record, reason: str, detail: str = "") -> None:
        """Remember something of a row that was not taken."""
        self.notes.append((record.number, reason, detail))


@dataclass(slots=True)
class Slice:
    """The records of a slice by contact id, with what is known of each."""

    ids: list[int]
    records: list[Record]
    changes: list[Change]
    before: list[dict[str, object] | None]
    suppressed: dict[bytes, frozenset[str]]
