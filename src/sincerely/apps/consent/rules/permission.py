"""What consent records add up to: a fold that does not depend on their order. Pure.

A withdrawal (of one type, or of all marketing mail) wins over every permission that is not the
contact's own newer act: an import, the API or a member can never bring somebody back, whatever
date or strength they claim. An own act is a form or a link in a mail, later than the withdrawal.
A withdrawal of everything closes every type; an own act afterwards opens its own type only.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

OWN_CHANNELS = frozenset({"form", "link"})


@dataclass(frozen=True, slots=True)
class RecordFacts:
    """What counts of a consent record; `type_id` None stands for all marketing mail."""

    record_id: int
    type_id: int | None
    is_permit: bool
    channel: str
    evidence: int
    at: datetime

    @property
    def is_own_permit(self) -> bool:
        """True where the contact permitted by an act of their own."""
        return self.is_permit and self.channel in OWN_CHANNELS


@dataclass(frozen=True, slots=True)
class Standing:
    """In or out for one type, since when, and by which record."""

    is_in: bool
    evidence: int
    record_id: int
    since: datetime


@dataclass(frozen=True, slots=True)
class Fold:
    """All that a contact's records add up to; a type without an entry is unspecified."""

    types: dict[int, Standing] = field(default_factory=dict)
    opt_out: RecordFacts | None = None


def fold(records: Iterable[RecordFacts]) -> Fold:
    """Return what these records (none of them revoked) add up to."""
    known = list(records)
    all_out = _latest([r for r in known if not r.is_permit and r.type_id is None])
    returns = [r for r in known if r.is_own_permit and all_out and r.at > all_out.at]
    types: dict[int, Standing] = {}
    for type_id in sorted({r.type_id for r in known if r.type_id is not None}):
        of_type = [r for r in known if r.type_id == type_id]
        standing = _standing(of_type, all_out)
        if standing:
            types[type_id] = standing
    return Fold(types, None if returns else all_out)


def _standing(records: list[RecordFacts], all_out: RecordFacts | None) -> Standing | None:
    withdrawals = [r for r in records if not r.is_permit]
    if all_out and any(r.is_permit for r in records):
        withdrawals.append(all_out)
    last = _latest(withdrawals)
    permits = [
        r for r in records if r.is_permit and (not last or (r.is_own_permit and r.at > last.at))
    ]
    if permits:
        best = max(permits, key=lambda r: (r.evidence, r.at, r.record_id))
        return Standing(is_in=True, evidence=best.evidence, record_id=best.record_id, since=best.at)
    if last is None:
        return None
    return Standing(is_in=False, evidence=last.evidence, record_id=last.record_id, since=last.at)


def _latest(records: list[RecordFacts]) -> RecordFacts | None:
    return max(records, key=lambda r: (r.at, r.record_id), default=None)
