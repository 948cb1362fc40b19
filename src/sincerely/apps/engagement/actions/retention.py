"""Raw signals are kept for a time; what they led to stays.

Events keep their verdicts and lose only the way back to their signal, so rollups can be made anew
from events for ever. Verdicts are checked against the signals that still stand.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from sincerely.apps.engagement import sql
from sincerely.apps.engagement.actions.watermarks import move, take_turn
from sincerely.apps.engagement.queries.facts import Run, due
from sincerely.apps.engagement.queries.watermarks import RETENTION, position

SLICE = 500
_FORGET = (
    "UPDATE engagement_event SET signal_id = NULL WHERE signal_id <= %s",
    "DELETE FROM engagement_signalverdict WHERE signal_id <= %s",
    "DELETE FROM engagement_signal WHERE capture_id <= %s",
)


def forget_signals(before: datetime, *, now: datetime, limit: int = SLICE) -> bool:
    """Delete a slice of the oldest signals, if they are older; True if more may be.

    Only what has had its final look goes. Several may call it at once.
    """
    with transaction.atomic():
        take_turn(now)
        run, count = due(Run(0, position("round 3")), until=before, limit=limit)
        if not count:
            return False
        for statement in _FORGET:
            sql.run(statement, (run.through_id,))
        move(RETENTION, int(before.timestamp()) + 1, now=now)
    return count == limit
