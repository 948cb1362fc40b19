"""Writes of stays in slices, set-based: who entered and who left a segment."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import connection

ENTER = """
INSERT INTO segments_segmentstay (contact_id, segment_id, entered_at)
SELECT id, %s, %s FROM contacts_contact WHERE id IN ({places})
ON CONFLICT DO NOTHING
"""
LEAVE = """
UPDATE segments_segmentstay SET left_at = %s
WHERE segment_id = %s AND left_at IS NULL AND contact_id IN ({places})
"""


def _places(contact_ids: Sequence[int]) -> str:
    return ", ".join(["%s"] * len(contact_ids))


def enter(segment_id: int, contact_ids: Sequence[int], *, now: datetime) -> None:
    """Store that these contacts are in the segment from now on; gone or present ones are passed."""
    at = connection.ops.adapt_datetimefield_value(now)
    with connection.cursor() as cursor:
        cursor.execute(ENTER.format(places=_places(contact_ids)), [segment_id, at, *contact_ids])


def leave(segment_id: int, contact_ids: Sequence[int], *, now: datetime) -> None:
    """Store that these contacts left the segment now."""
    at = connection.ops.adapt_datetimefield_value(now)
    with connection.cursor() as cursor:
        cursor.execute(LEAVE.format(places=_places(contact_ids)), [at, segment_id, *contact_ids])
