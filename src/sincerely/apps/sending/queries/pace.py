"""How fast a mailing leaves: what its attempts of the last short while say.

Any process may ask, whichever senders are at work. Attempts have no index by time or by mailing and
get none for this (each would be written once more with every mail). Their ids grow with time: where
a while begins is found by halving, and of all ids since then some hundred are looked at, evenly
spread. So it costs the same after a thousand hand-overs as after millions.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Count, Min

from sincerely.apps.sending.models import Attempt, State
from sincerely.apps.sending.queries.sql import moment, read_moment, rows
from sincerely.apps.sending.rules.pace import FEWEST, Pace

WHILE = timedelta(minutes=1)
LONG_WHILE = timedelta(minutes=15)  # where hardly anything left in the short one
LOOKED_AT = 400
PRIME = 7919
ENDED = (State.ACCEPTED, State.FAILED, State.UNKNOWN)
ENDS = """
SELECT COALESCE((SELECT MIN(id) FROM sending_attempt), 0),
  COALESCE((SELECT MAX(id) FROM sending_attempt), 0)"""
IS_BEFORE = """
SELECT 1 FROM (SELECT at FROM sending_attempt WHERE id >= %s ORDER BY id LIMIT 1) a
WHERE a.at < %s"""
# Two looks into `message_due`; SQLite takes that index only where the states stand in the text.
_QUEUED = "FROM sending_message WHERE mailing_id = %s AND state IN ('planned', 'deferred')"
DUE = f"SELECT (SELECT MIN(due_at) {_QUEUED}), (SELECT MAX(due_at) {_QUEUED})"


def pace(mailing_id: int, *, now: datetime) -> Pace:
    """Return how much of a mailing was handed over lately."""
    found = _pace(mailing_id, now - WHILE, now)
    return found if found.count >= FEWEST else _pace(mailing_id, now - LONG_WHILE, now)


def due_between(mailing_id: int) -> tuple[datetime | None, datetime | None]:
    """Return when the first of what waits may leave, and when the last; None: nothing waits."""
    ((first, last),) = rows(DUE, [mailing_id, mailing_id])
    return read_moment(first), read_moment(last)


def _pace(mailing_id: int, since: datetime, now: datetime) -> Pace:
    ((oldest, newest),) = rows(ENDS, [])
    first = _first_since(since, oldest, newest)
    step = (newest - first) // LOOKED_AT + 1
    # Off the even places by a prime: who writes by turns would be seen always or never.
    looked_at = [at - n * PRIME % step for n, at in enumerate(range(newest, first - 1, -step))]
    found = Attempt.objects.filter(
        pk__in=looked_at,
        at__gte=since,
        outcome__in=ENDED,
        message__mailing_id=mailing_id,
    ).aggregate(count=Count("pk"), first_at=Min("at"))
    span = now - found["first_at"] if found["first_at"] else timedelta(0)
    return Pace(found["count"] * step, span)


def _first_since(since: datetime, low: int, high: int) -> int:
    """Return about the lowest id between two of an attempt since a moment; there may be gaps."""
    while low < high:
        middle = (low + high) // 2
        is_before = bool(rows(IS_BEFORE, [middle, moment(since)]))
        low, high = (middle + 1, high) if is_before else (low, middle)
    return low
