"""Who owns claimed rows, and whether that sender lives: by a lock, never a time-out.

On SQLite the lock is a file of the installation that the kernel frees when the process ends,
however it ends; on PostgreSQL it is an advisory lock of a connection that does nothing else.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import secrets
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings
from django.db import connection


class Owner:
    """This sender's name and the lock that proves that it lives."""

    def __init__(self, name: str = "") -> None:
        self.name = name or f"sender-{os.getpid()}-{secrets.token_hex(6)}"
        self._file: int | None = None
        self._session: psycopg.Connection[Any] | None = None

    def appear(self) -> None:
        """Take the lock; before the first claim."""
        if connection.vendor == "postgresql":
            self._session = _session()
            self._session.execute("SELECT pg_advisory_lock(%s)", (_number(self.name),))
        else:
            self._file = os.open(_path(self.name), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            fcntl.flock(self._file, fcntl.LOCK_EX)

    def lives(self) -> bool:
        """Say whether the lock is still ours: a lost connection loses it."""
        if self._session is None:
            return self._file is not None
        try:
            self._session.execute("SELECT 1")
        except psycopg.Error:
            return False
        return True

    def leave(self) -> None:
        """Give the lock back; after the last row was given back."""
        if self._session is not None:
            self._session.close()
        if self._file is not None:
            _path(self.name).unlink(missing_ok=True)
            os.close(self._file)
        self._session = self._file = None


def is_dead(name: str) -> bool:
    """Say whether the sender of this name has ended; clears away what it left."""
    if connection.vendor == "postgresql":
        with contextlib.closing(_session()) as session:
            row = session.execute("SELECT pg_try_advisory_lock(%s)", (_number(name),)).fetchone()
            return bool(row and row[0])
    try:
        lock = os.open(_path(name), os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return True
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    else:
        _path(name).unlink(missing_ok=True)
        return True
    finally:
        os.close(lock)


def _path(name: str) -> Path:
    folder = Path(settings.HOME) / "senders"
    folder.mkdir(exist_ok=True)
    return folder / f"{name}.lock"


def _number(name: str) -> int:
    digest = hashlib.blake2b(name.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


def _session() -> psycopg.Connection[Any]:
    names = {"dbname", "user", "password", "host", "port", "sslmode"}
    given = {k: v for k, v in connection.get_connection_params().items() if k in names}
    return psycopg.connect(**given, autocommit=True, application_name="sincerely-sender-owner")
