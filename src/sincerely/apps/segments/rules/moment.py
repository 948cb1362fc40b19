"""The moment at which a rule is read, and the days around it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo


@dataclass(frozen=True, slots=True)
class Moment:
    """When a rule is read: the time, the account's time zone, the half-life of label strength."""

    now: datetime
    zone: tzinfo = UTC
    half_life_days: float = 60

    @property
    def today(self) -> date:
        """The day it is in the account's time zone."""
        return self.now.astimezone(self.zone).date()

    def days_ago(self, days: int) -> datetime:
        """Return the time exactly `days` times 24 hours ago."""
        return self.now - timedelta(days=days)

    def start_of(self, day: str, *, plus_days: int = 0) -> datetime:
        """Return when an ISO day begins in the account's time zone, in UTC.

        Days at the very ends of the calendar are kept away from them, where zones overflow.
        """
        moved = date.fromisoformat(day)
        moved = min(max(moved, date(2, 1, 1)), date(9998, 12, 30)) + timedelta(days=plus_days)
        return datetime.combine(moved, time(), self.zone).astimezone(UTC)
