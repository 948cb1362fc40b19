"""SQLite for Django: every transaction first passes one fair turnstile (a file lock).

SQLite's own lock is unfair: waiters sleep and poll, so that a busy sender can starve a page for
seconds. The kernel wakes those who wait for a file lock in order, which keeps waits short.
Transactions begin IMMEDIATE (a setting), so none fails half-way for want of the write lock.
Who finds the turnstile taken stands in a queue that bulk work can look at: it goes on while nobody
waits, and lets go at once when somebody does.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import sqlite3
from pathlib import Path
from typing import Any

from django.db.backends.sqlite3 import base

TURNSTILE = "turnstile"
GONE = (
    "{path} is not there any more, though this installation has written to it. Put it back, or"
    " restore a backup. To begin with an empty one, move {path}.turnstile away, too."
)


def commitment(salt: bytes | None, payload: str | None) -> bytes | None:
    """Return SHA-256 of salt and UTF-8 payload, or None where either was erased."""
    if salt is None or payload is None:
        return None
    return hashlib.sha256(bytes(salt) + payload.encode()).digest()


def _took(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


class DatabaseWrapper(base.DatabaseWrapper):
    """The connection, holding the turnstile from BEGIN to COMMIT or ROLLBACK."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._turnstile: int | None = None
        self._queue: int | None = None
        self._inside = False

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Open the database and register our SQL functions."""
        self._refuse_to_begin_anew()
        connection = super().get_new_connection(conn_params)
        connection.create_function("commitment", 2, commitment, deterministic=True)
        return connection

    def _refuse_to_begin_anew(self) -> None:
        """SQLite makes the file that it does not find; one that was moved away is no new one."""
        given = self.settings_dict
        if self.is_in_memory_db() or given["NAME"] == given["TEST"]["NAME"]:
            return
        path = Path(given["NAME"])
        if path.with_name(f"{path.name}.{TURNSTILE}").exists() and not path.exists():
            raise sqlite3.OperationalError(GONE.format(path=path))

    def _start_transaction_under_autocommit(self) -> None:
        self._enter()
        try:
            with self.wrap_database_errors:  # not by a cursor of Django's: three times the price
                mode = self.transaction_mode  # type: ignore[attr-defined]
                self.connection.execute(f"BEGIN {mode or ''}")
        except BaseException:
            self._leave()
            raise

    def _commit(self) -> None:
        try:
            super()._commit()
        finally:
            self._leave()

    def _rollback(self) -> None:
        try:
            super()._rollback()
        finally:
            self._leave()

    def _close(self) -> None:
        try:
            super()._close()
        finally:
            self._leave()
            for each in (self._turnstile, self._queue):
                if each is not None:
                    os.close(each)
            self._turnstile = self._queue = None

    def _enter(self) -> None:
        if self._inside or self.is_in_memory_db():
            return
        if self._turnstile is None or self._queue is None:
            self._turnstile, self._queue = self._open(TURNSTILE), self._open("queue")
        if not _took(self._turnstile):
            fcntl.flock(self._queue, fcntl.LOCK_SH)
            try:
                fcntl.flock(self._turnstile, fcntl.LOCK_EX)
            finally:
                fcntl.flock(self._queue, fcntl.LOCK_UN)
        self._inside = True

    def _open(self, kind: str) -> int:
        name = f"{self.settings_dict['NAME']}.{kind}"
        return os.open(name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def has_waiters(self) -> bool:
        """Say whether somebody waits for the turnstile that this transaction holds."""
        if self._queue is None or not self._inside:
            return False
        if not _took(self._queue):
            return True
        fcntl.flock(self._queue, fcntl.LOCK_UN)
        return False

    def copy_back(self) -> None:
        """Copy committed pages from the log into the database file; waits for nobody."""
        with self.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(PASSIVE)")

    def _leave(self) -> None:
        if self._inside and self._turnstile is not None:
            fcntl.flock(self._turnstile, fcntl.LOCK_UN)
        self._inside = False
