"""Reads of the operation domain: who lives, and files in pieces."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from sincerely.apps.operation.models import FilePiece, Heartbeat, StoredFile
from sincerely.wire.health import STUCK_SECONDS

SILENT_AFTER = timedelta(seconds=35)  # three signs of life are missing
STUCK_AFTER = timedelta(seconds=STUCK_SECONDS)
RUNNING, STUCK, SILENT = STATES = ("running", "stuck", "silent")


def heartbeats() -> list[Heartbeat]:
    """Return every process that gave a sign of life and was not ended in order."""
    return list(Heartbeat.objects.order_by("process", "host", "started_at"))


def state_of(beat: Heartbeat, *, real_now: datetime) -> str:
    """Return how a process is: running, stuck (its loop stands) or silent."""
    if real_now - beat.seen_at > SILENT_AFTER:
        return SILENT
    return STUCK if beat.seen_at - beat.turned_at > STUCK_AFTER else RUNNING


def is_stored(name: str) -> bool:
    """Say whether the whole file is in the database."""
    return StoredFile.objects.filter(pk=name).exists()


def names_before(moment: datetime, *, prefix: str) -> list[str]:
    """Return the names of whole files of a kind that were stored before a moment."""
    rows = StoredFile.objects.filter(stored_at__lt=moment, name__startswith=prefix)
    return list(rows.order_by("name").values_list("name", flat=True))


def pieces(name: str) -> Iterator[bytes]:
    """Yield a file piece by piece; raises FileNotFoundError where there is no such file."""
    stored = StoredFile.objects.filter(pk=name).first()
    if stored is None:
        raise FileNotFoundError(name)
    for number in range(1, stored.piece_count + 1):
        yield bytes(
            FilePiece.objects.values_list("content", flat=True).get(name=name, number=number)
        )


def local_copy(name: str, folder: Path) -> Path:
    """Return where a file lies on this machine, fetched from the database if it is not there yet.

    A file that nobody stored gives a path at which nothing lies.
    """
    path = folder / name
    if path.exists() or not is_stored(name):
        return path
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    partial = folder / f"{name}.{secrets.token_hex(4)}.fetched"
    with partial.open("xb") as out:
        for piece in pieces(name):
            out.write(piece)
        out.flush()
        os.fsync(out.fileno())
    partial.replace(path)
    return path
