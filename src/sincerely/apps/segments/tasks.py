"""What the runner calls: the watched segments' membership history, and the stored sets."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta

from sincerely.apps.segments.actions import refresh
from sincerely.apps.segments.actions.sets import (
    LONGEST_BUILD,
    build,
    build_field,
    refuse_large,
    take_touches,
)
from sincerely.apps.segments.queries.segments import due_for_refresh
from sincerely.apps.segments.queries.stored import unbuilt

INTERVAL = timedelta(minutes=5)
# Below so many contacts the plain statements are quick enough: nothing is stored.
FEWEST_CONTACTS = 20_000


def refresh_due(*, now: datetime, owner: str, stop: threading.Event) -> bool:
    """Refresh every due segment at one and the same moment, used ones first; never more at once.

    `owner` is not needed: a claim lasts for one guarded write, and a lost one is retried.
    """
    for segment in due_for_refresh(now=now, interval=INTERVAL):
        if stop.is_set():
            return True
        refresh(segment, now=now)
    return False


def keep_sets(*, now: datetime, owner: str, stop: threading.Event) -> bool:
    """Take all waiting touches into the stored sets, then build one that is missing.

    `owner` is not needed: whoever comes second notices at the write (`actions.sets`).
    """
    while take_touches(now=now):
        if stop.is_set():
            return True
    missing = unbuilt(fewest=FEWEST_CONTACTS, since=now - LONGEST_BUILD)
    if missing is None:
        return False
    source, key = missing
    refuse_large(now=now)
    return build_field(str(key), now=now) if source == "field" else build(source, int(key), now=now)
