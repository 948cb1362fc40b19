"""The cap: at most so many mails to an address in a span of days, and a pause between two.

What counts is marketing mail whose content may have left, kept per address as `Mail`. The window
rolls: a mail counts from its hand-over until exactly `days` later. A limit of one subscription type
counts mail of that type only; the limit of all mail (type 0) counts everything; both must hold.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

ALL_TYPES = 0
IMPORTED = 0
DAY_US, HOUR_US = 86_400_000_000, 3_600_000_000
_FIRST = datetime(1970, 1, 1, tzinfo=UTC)


class Mail(NamedTuple):
    """A mail that counts, and when (in microseconds); `IMPORTED`: an import told of it."""

    message_id: int
    at_us: int
    subscription_type_id: int


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `most` mails in `days` days (None: any number), `gap_hours` between two."""

    subscription_type_id: int = ALL_TYPES
    most: int | None = None
    days: int = 7
    gap_hours: int = 0

    @property
    def reach_us(self) -> int:
        """How long a mail matters to this limit."""
        return max(self.days * DAY_US if self.most else 0, self.gap_hours * HOUR_US)

    def concerns(self, subscription_type_id: int) -> bool:
        """Say whether mail of a type is limited by this."""
        return self.subscription_type_id in (ALL_TYPES, subscription_type_id)

    def free_at_us(self, recent: Sequence[Mail]) -> int:
        """Return when the next mail may go, 0 for at any time."""
        times = sorted(mail.at_us for mail in recent if self.concerns(mail.subscription_type_id))
        if not times:
            return 0
        free = times[-1] + self.gap_hours * HOUR_US if self.gap_hours else 0
        if self.most and len(times) >= self.most:
            free = max(free, times[-self.most] + self.days * DAY_US)
        return free

    def has_no_room(self, recent: Sequence[Mail], now: datetime) -> bool:
        """Say whether no mail that concerns this limit may go now."""
        return self.free_at_us(recent) > microseconds(now)


def free_at(
    recent: Sequence[Mail], limits: Iterable[Limit], *, subscription_type_id: int
) -> datetime:
    """Return when all limits let a mail of this type go."""
    concerned = (limit for limit in limits if limit.concerns(subscription_type_id))
    return moment_of(max((limit.free_at_us(recent) for limit in concerned), default=0))


def still_counting(recent: Iterable[Mail], limits: Iterable[Limit], *, now: datetime) -> list[Mail]:
    """Return the mails that some limit can still ask about, oldest first."""
    since = microseconds(now) - max((limit.reach_us for limit in limits), default=0)
    return sorted((mail for mail in recent if mail.at_us > since), key=lambda mail: mail.at_us)


def microseconds(at: datetime) -> int:
    """Return a moment in microseconds since 1970; exact, so that 'not before' has no rounding."""
    return (at - _FIRST) // timedelta(microseconds=1)


def moment_of(at_us: int) -> datetime:
    """Return the moment of so many microseconds since 1970."""
    return _FIRST + timedelta(microseconds=at_us)
