"""Turns and marks: one folder works at a time, and a mark moves with what it stands for."""

from __future__ import annotations

from datetime import datetime

from django.db.models import F

from sincerely.apps.engagement.models import Watermark


def take_turn(now: datetime) -> None:
    """Wait until no other fold is in its transaction; call first thing inside one."""
    Watermark.objects.get_or_create(pk="fold", defaults={"moved_at": now})
    Watermark.objects.select_for_update().get(pk="fold")


def move(reader: str, position: int, *, now: datetime) -> None:
    """Note how far a reader has come, in the transaction of what it wrote."""
    Watermark.objects.update_or_create(pk=reader, defaults={"position": position, "moved_at": now})


def count_dropped(count: int, *, now: datetime) -> None:
    """Add to the number of captures that belong to no message of ours."""
    if count:
        Watermark.objects.get_or_create(pk="dropped", defaults={"moved_at": now})
        Watermark.objects.filter(pk="dropped").update(position=F("position") + count, moved_at=now)
