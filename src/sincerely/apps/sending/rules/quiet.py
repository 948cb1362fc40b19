"""Quiet hours: from when to when nobody is mailed, on the contact's own clock.

A moment is quiet if the clock on the wall in the zone then shows a time from `begins` up to, not
including, `ends`; a span may reach over midnight. So in an hour that a change to winter time
repeats, both runs are judged by what the clock shows; where a change to summer time skips the end,
quiet ends with the skip. The end is found from the zone's rules, never by adding 24 hours.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Quiet:
    """A span of the day on the wall; `begins` and `ends` differ."""

    begins: time
    ends: time

    def covers(self, shown: time) -> bool:
        """Say whether a clock that shows this time is in the span."""
        if self.begins < self.ends:
            return self.begins <= shown < self.ends
        return shown >= self.begins or shown < self.ends

    def is_at(self, at: datetime, zone: ZoneInfo) -> bool:
        """Say whether a moment is quiet in the zone."""
        return self.covers(at.astimezone(zone).time())

    def end_after(self, at: datetime, zone: ZoneInfo) -> datetime:
        """Return, in UTC, the first moment from `at` on that is not quiet in the zone."""
        while self.is_at(at, zone):
            at = self._step(at, zone)
        return at.astimezone(UTC)

    def _step(self, at: datetime, zone: ZoneInfo) -> datetime:
        """Return the end of quiet as the clock goes now, or the change of the clock before it."""
        local = at.astimezone(zone)
        shown = local.replace(tzinfo=None)
        end = datetime.combine(shown.date(), self.ends)
        reached = at + (end - shown if end > shown else end + DAY - shown)
        if reached.astimezone(zone).utcoffset() == local.utcoffset():
            return reached
        return _change_between(at, reached, zone)


def _change_between(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """Return the first whole second at which the zone's offset is not that of `before`."""
    offset = before.astimezone(zone).utcoffset()
    before = before.replace(microsecond=0)
    low, high = 0, int((after - before) / SECOND) + 1
    while high - low > 1:
        middle = (low + high) // 2
        if (before + middle * SECOND).astimezone(zone).utcoffset() == offset:
            low = middle
        else:
            high = middle
    return before + high * SECOND


@lru_cache(maxsize=1024)
def zone_named(name: str, *, otherwise: str) -> ZoneInfo:
    """Return the zone of this name, or the other one where it is empty or not known."""
    for candidate in (name, otherwise):
        try:
            return ZoneInfo(candidate)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            continue
    return ZoneInfo("UTC")
