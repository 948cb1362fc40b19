"""Commits that do not wait for the disk, for what can be done again from what is on it.

After a power cut the last of them may be gone, each wholly and no earlier one without it. Whatever
is committed after them in the usual way, by anybody, takes them to the disk with it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction

CHECKPOINTS_ONLY = 1  # SQLite: the log is flushed before its pages are copied into the database
_LEVEL = "PRAGMA synchronous"


@contextmanager
def unflushed() -> Iterator[None]:
    """Run the block in a transaction whose commit does not wait for the disk.

    Inside of another transaction on SQLite, that one's commit is as it is.
    """
    if connection.vendor == "postgresql":
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL synchronous_commit = off")
            yield
    elif connection.in_atomic_block:
        with transaction.atomic():
            yield
    else:
        with _checkpoints_only(), transaction.atomic():
            yield


@contextmanager
def _checkpoints_only() -> Iterator[None]:
    with connection.cursor() as cursor:
        ((before,),) = cursor.execute(_LEVEL).fetchall()
        cursor.execute(f"{_LEVEL}={min(before, CHECKPOINTS_ONLY)}")
    try:
        yield
    finally:
        if connection.connection is not None:  # a new connection begins with the settings' level
            connection.connection.execute(f"{_LEVEL}={before}")
