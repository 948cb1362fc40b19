"""Turns and marks: one folder works at a time, and a mark moves with what it stands for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.db import connection, transaction
from django.db.models import F

from sincerely.apps.engagement import sql
from sincerely.apps.engagement.models import Watermark

# A batch is small and its tables are large and indexed; the planner knows neither, as scratch
# tables have no statistics. Ruling out plain scans too would drown all other costs in the price of
# scanning the scratch table itself, so that any plan looked as good as the best.
_BY_INDEX = """
SELECT set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true),
    set_config('jit', 'off', true)
"""
_MOVE = """
INSERT INTO engagement_watermark (reader, position, moved_at) VALUES (%s, %s, %s)
ON CONFLICT (reader) DO UPDATE SET position = excluded.position, moved_at = excluded.moved_at
"""


def take_turn(now: datetime) -> None:
    """Wait until no other fold is in its transaction; call first thing inside one."""
    if connection.vendor == "sqlite":
        return  # its writers are alone in any case
    Watermark.objects.get_or_create(pk="fold", defaults={"moved_at": now})
    Watermark.objects.select_for_update().get(pk="fold")
    sql.fetch(_BY_INDEX)


@contextmanager
def by_index() -> Iterator[None]:
    """Read in the block as the fold does in its turn: a batch by the indexes of large tables."""
    if connection.vendor == "sqlite":
        yield  # has no such choice, and a transaction there would wait for the turn's end
        return
    with transaction.atomic():
        sql.fetch(_BY_INDEX)
        yield


def move(reader: str, position: int, *, now: datetime) -> None:
    """Note how far a reader has come, in the transaction of what it wrote."""
    sql.run(_MOVE, (reader, position, sql.at(now)))


def count_dropped(count: int, *, now: datetime) -> None:
    """Add to the number of captures that belong to no message of ours."""
    if count:
        Watermark.objects.get_or_create(pk="dropped", defaults={"moved_at": now})
        Watermark.objects.filter(pk="dropped").update(position=F("position") + count, moved_at=now)
