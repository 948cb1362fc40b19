"""Refreshing a segment: compare who is selected now with the open stays, write changes."""

from __future__ import annotations

from datetime import datetime

import numpy as np
from django.db import transaction

from sincerely.apps.segments.compile import select
from sincerely.apps.segments.models import Segment, SegmentStay
from sincerely.apps.segments.queries.selecting import fetch_ids
from sincerely.apps.segments.rules import WrongRule
from sincerely.apps.segments.sql.stays import enter, leave

# Rows per transaction: about 20 ms on SQLite.
SLICE = 1_000


def refresh(segment: Segment, *, now: datetime) -> bool:
    """Bring the stays up to date; False where another process refreshes it or the rule is wrong.

    The claim is the guarded write of `refreshed_at`. If the process dies before the end, the next
    refresh completes the work, for it compares with what is stored.
    """
    claimed = Segment.objects.filter(pk=segment.pk, refreshed_at=segment.refreshed_at)
    if not claimed.update(refreshed_at=now):
        return False
    try:
        selected = np.array(fetch_ids(select(segment.rule, now=now)), dtype=np.int64)
    except WrongRule:
        Segment.objects.filter(pk=segment.pk).update(member_count=None)
        return False
    stays = SegmentStay.objects.filter(segment=segment, left_at=None)
    present = np.fromiter(stays.values_list("contact_id", flat=True).iterator(), dtype=np.int64)
    for write, ids in (
        (leave, np.setdiff1d(present, selected)),
        (enter, np.setdiff1d(selected, present)),
    ):
        for start in range(0, len(ids), SLICE):
            with transaction.atomic():
                write(segment.pk, ids[start : start + SLICE].tolist(), now=now)
    Segment.objects.filter(pk=segment.pk).update(member_count=len(selected))
    return True
