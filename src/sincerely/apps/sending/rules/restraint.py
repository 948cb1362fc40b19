"""May a mail go now, or not before when, or not at all: the cap and quiet hours together.

A mail that has to wait does so until its mailing's patience ends; what could only go later is left
out, with the reason. Transactional mail is not asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sincerely.apps.sending.rules.pressure import Limit, Mail, free_at
from sincerely.apps.sending.rules.quiet import Quiet

CAPPED, QUIET_HOURS = "capped", "quiet_hours"
# Content leaves up to half a second after the gate's word (engines/sender/lane.py), so a mail is
# stopped this long before quiet hours begin.
MARGIN = timedelta(seconds=2)


@dataclass(frozen=True, slots=True)
class Restraint:
    """What the installation has set; `in_force_at`: limits that were just set begin then.

    The pause before it lets every sender see the limits before the first of them counts by them.
    """

    limits: tuple[Limit, ...] = ()
    quiet: Quiet | None = None
    round: int = 0
    in_force_at: datetime | None = None
    time_zone: str = "UTC"

    def limits_for(self, subscription_type_id: int) -> tuple[Limit, ...]:
        """Return the limits that a mail of a type has to keep."""
        return tuple(limit for limit in self.limits if limit.concerns(subscription_type_id))


@dataclass(frozen=True, slots=True)
class Ask:
    """One mail that wants to go: its type, the contact's zone, and how long it may wait."""

    subscription_type_id: int
    zone: ZoneInfo
    patient_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Go:
    """The mail may go now."""


@dataclass(frozen=True, slots=True)
class NotBefore:
    """The mail has to wait until a moment."""

    at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class LeftOut:
    """The mail would have to wait longer than its mailing does."""

    reason: str


Word = Go | NotBefore | LeftOut


def judge(ask: Ask, recent: Sequence[Mail], *, restraint: Restraint, now: datetime) -> Word:
    """Say whether a mail may go now; `recent` are the other mails to its address."""
    free = free_at(recent, restraint.limits, subscription_type_id=ask.subscription_type_id)
    at, reason = now, ""
    if free > now:
        at, reason = free, CAPPED
    elif restraint.limits and restraint.in_force_at and restraint.in_force_at > now:
        at, reason = restraint.in_force_at, CAPPED
    end = quiet_end(at, ask.zone, restraint.quiet)
    if end > at:
        at, reason = end, reason or QUIET_HOURS
    if not reason:
        return Go()
    if ask.patient_until is not None and at > ask.patient_until:
        return LeftOut(reason)
    return NotBefore(at, reason)


def quiet_end(at: datetime, zone: ZoneInfo, quiet: Quiet | None) -> datetime:
    """Return the first moment from `at` on that neither is quiet nor becomes so within `MARGIN`."""
    if quiet is None:
        return at
    if quiet.is_at(at, zone):
        at = quiet.end_after(at, zone)
    while quiet.is_at(at + MARGIN, zone):
        at = quiet.end_after(at + MARGIN, zone)
    return at
