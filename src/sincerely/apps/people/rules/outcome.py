"""Decides what a record does to a contact that may be known already.

An import adds and corrects; it never wipes: an empty cell changes nothing, labels are only added,
and who left stays out whatever the file or the member declares.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from sincerely.apps.people.rules.record import CORE, Record

CLOSED = frozenset({"complaint", "opt_out_import", "erased"})
Kind = Literal["new", "updated", "unchanged"]


@dataclass(frozen=True, slots=True)
class Known:
    """A contact as stored."""

    contact_id: int
    core: dict[str, str]
    fields: dict[str, Any]
    signed_up_at: datetime | None


@dataclass(slots=True)
class Change:
    """What happens to the contact's own columns; `before` holds the old values for undo."""

    kind: Kind
    core: dict[str, str]
    fields: dict[str, Any]
    signed_up_at: datetime | None
    before: dict[str, Any] = field(default_factory=dict)


def change_of(record: Record, known: Known | None, *, keep_known: bool) -> Change:
    """Return the contact's columns afterwards, and whether they differ from before."""
    signed_up_at = record.moments.get("signed_up_at")
    if known is None:
        core = {name: record.core.get(name, "") for name in CORE}
        return Change("new", core, record.fields, signed_up_at)
    before: dict[str, Any] = {}
    core = dict(known.core)
    for name, value in record.core.items():
        if value != core[name] and not (keep_known and core[name]):
            before[name] = core[name]
            core[name] = value
    fields = _merged(known.fields, record.fields, before, keep_known=keep_known)
    at = known.signed_up_at
    if signed_up_at and (at is None or signed_up_at < at):
        before["signed_up_at"] = at.isoformat() if at else None
        at = signed_up_at
    return Change("updated" if before else "unchanged", core, fields, at, before)


def _merged(
    old: dict[str, Any], new: dict[str, Any], before: dict[str, Any], *, keep_known: bool
) -> dict[str, Any]:
    changed = {
        key: value
        for key, value in new.items()
        if old.get(key) != value and not (keep_known and key in old)
    }
    if not changed:
        return old
    before["fields"] = {key: old.get(key) for key in changed}
    return old | changed


def may_permit(
    *,
    is_in: bool | None,
    evidence: int,
    claimed: int,
    opted_out: bool,
    suppressions: frozenset[str],
) -> str:
    """Return 'permit', 'have', 'left_earlier' or 'suppressed' for a claimed permission.

    `is_in` is the standing for the type: None where there is none yet.
    """
    if opted_out or is_in is False or suppressions & {"complaint", "opt_out_import"}:
        return "left_earlier"
    if is_in and evidence >= claimed:
        return "have"
    return "suppressed" if suppressions & CLOSED else "permit"


def latest(*moments: datetime | None) -> datetime | None:
    """Return the latest of the times that are known."""
    known = [at for at in moments if at is not None]
    return max(known) if known else None
