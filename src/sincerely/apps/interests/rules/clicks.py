"""Clicks as evidence for labels: deltas per contact, label, day and mailing. Pure.

The folder hands over deltas, so that a re-judged signal is taken back: a click judged human counts
`human=1`; if it turns out a machine's, the next delta says `human=-1`. Machine clicks never come.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import NamedTuple


class ClickDelta(NamedTuple):
    """One change of evidence: a click on a link with a label (+1), or one taken back (-1)."""

    contact_id: int
    label_id: int
    mailing_id: int
    at: datetime
    human: int = 0
    undecided: int = 0
    message_id: int | None = None


class DayKey(NamedTuple):
    """The row of evidence that a delta belongs to."""

    contact_id: int
    label_id: int
    day: date
    mailing_id: int


@dataclass(slots=True)
class DayDelta:
    """All that changes in one row; `last_at` is the latest new human click, if there is one."""

    human: int = 0
    undecided: int = 0
    last_at: datetime | None = None
    is_taken_back: bool = False


def by_day(deltas: Iterable[ClickDelta]) -> dict[DayKey, DayDelta]:
    """Add the deltas up per contact, label, UTC day and mailing, in order of the keys."""
    found: dict[DayKey, DayDelta] = {}
    for delta in deltas:
        day = delta.at.astimezone(UTC).date()
        key = DayKey(delta.contact_id, delta.label_id, day, delta.mailing_id)
        total = found.setdefault(key, DayDelta())
        total.human += delta.human
        total.undecided += delta.undecided
        if delta.human > 0 and (total.last_at is None or delta.at > total.last_at):
            total.last_at = delta.at
        total.is_taken_back = total.is_taken_back or delta.human < 0
    return {key: found[key] for key in sorted(found)}
