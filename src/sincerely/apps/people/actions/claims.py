"""Holds a piece of coarse work while its process lives: a file lock, or PostgreSQL's own.

A lock ends with its process, so a dead owner is known at once and nobody waits for a time to pass.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.db import connection

KINDS = {"import": 7101, "export": 7102}


@contextmanager
def held(kind: str, work_id: int) -> Iterator[bool]:
    """Give True while this process holds the work, False where somebody living has it."""
    if connection.vendor == "postgresql":
        with _advisory(KINDS[kind], work_id) as mine:
            yield mine
        return
    folder = Path(settings.UPLOADS)
    folder.mkdir(parents=True, exist_ok=True)
    lock = os.open(folder / f"{kind}-{work_id}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        yield False
        return
    try:
        yield True
    finally:
        os.close(lock)


@contextmanager
def _advisory(space: int, work_id: int) -> Iterator[bool]:
    number = work_id % 2_147_483_647
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [space, number])
        mine = bool(cursor.fetchone()[0])
    try:
        yield mine
    finally:
        if mine and connection.connection is not None and not connection.connection.closed:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [space, number])
