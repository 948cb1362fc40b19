"""How fast a mailing leaves, and how long the rest takes at that pace.

Nothing is said while too little is known: a pace that is off by half would be worse than none.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

FEWEST = 10  # of fewer hand-overs nobody can tell a pace
SHORTEST = timedelta(seconds=10)  # and of a shorter while neither: mail leaves in batches
DIGITS = 2  # all that an estimate is good for, and the figure stands still while it is read


@dataclass(frozen=True, slots=True)
class Pace:
    """What left lately: about so many, in this while."""

    count: float
    span: timedelta

    @property
    def is_known(self) -> bool:
        """Enough has left, over long enough."""
        return self.count >= FEWEST and self.span >= SHORTEST

    @property
    def per_hour(self) -> float:
        """Mails that would leave in an hour; 0 while it is not known."""
        return self.count / self.span.total_seconds() * 3600 if self.is_known else 0.0

    def time_left(self, open_count: int, *, until_last_due: timedelta) -> timedelta | None:
        """Return how long the rest takes, at least until the last of it may leave; or None."""
        if not self.is_known:
            return None
        return max(timedelta(hours=open_count / self.per_hour), until_last_due)


def rounded(number: float) -> int:
    """Return a number with two digits that count; below a hundred it is only made whole."""
    whole = round(number)
    return round(whole, DIGITS - len(str(whole))) if whole >= 10**DIGITS else whole
