"""What the runner calls: keep the watched segments' membership history up to date."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta

from sincerely.apps.segments.actions import refresh
from sincerely.apps.segments.queries.segments import due_for_refresh

INTERVAL = timedelta(minutes=5)


def refresh_due(*, now: datetime, owner: str, stop: threading.Event) -> bool:
    """Refresh every due segment at one and the same moment, used ones first; never more at once.

    `owner` is not needed: a claim lasts for one guarded write, and a lost one is retried.
    """
    for segment in due_for_refresh(now=now, interval=INTERVAL):
        if stop.is_set():
            return True
        refresh(segment, now=now)
    return False
