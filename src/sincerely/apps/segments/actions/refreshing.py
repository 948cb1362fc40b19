"""Refreshing a segment: compare who is selected now with the open stays, write changes."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from pyroaring import BitMap

from sincerely.apps.segments.models import Segment, SegmentStay
from sincerely.apps.segments.queries.reading import selected_set
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
        selected = selected_set(segment.rule, now=now)
    except WrongRule:
        Segment.objects.filter(pk=segment.pk).update(member_count=None)
        return False
    stays = SegmentStay.objects.filter(segment=segment, left_at=None)
    present = BitMap(stays.values_list("contact_id", flat=True).iterator())
    for write, ids in ((leave, present - selected), (enter, selected - present)):
        for start in range(0, len(ids), SLICE):
            with transaction.atomic():
                write(segment.pk, list(ids[start : start + SLICE]), now=now)
    Segment.objects.filter(pk=segment.pk).update(member_count=len(selected))
    return True
