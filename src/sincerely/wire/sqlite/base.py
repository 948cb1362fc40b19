"""SQLite for Django: every transaction first passes one fair turnstile (a file lock).

SQLite's own lock is unfair: waiters sleep and poll, so that a busy sender can starve a page for
seconds. The kernel wakes those who wait for a file lock in order, which keeps waits short.
Transactions begin IMMEDIATE (a setting), so none fails half-way for want of the write lock.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from typing import Any

from django.db.backends.sqlite3 import base


def commitment(salt: bytes | None, payload: str | None) -> bytes | None:
    """Return SHA-256 of salt and UTF-8 payload, or None where either was erased."""
    if salt is None or payload is None:
        return None
    return hashlib.sha256(bytes(salt) + payload.encode()).digest()


class DatabaseWrapper(base.DatabaseWrapper):
    """The connection, holding the turnstile from BEGIN to COMMIT or ROLLBACK."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._turnstile: int | None = None
        self._inside = False

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Open the database and register our SQL functions."""
        connection = super().get_new_connection(conn_params)
        connection.create_function("commitment", 2, commitment, deterministic=True)
        return connection

    def _start_transaction_under_autocommit(self) -> None:
        self._enter()
        try:
            super()._start_transaction_under_autocommit()  # type: ignore[misc]
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
            if self._turnstile is not None:
                os.close(self._turnstile)
                self._turnstile = None

    def _enter(self) -> None:
        name = str(self.settings_dict["NAME"])
        if self._inside or self.is_in_memory_db():
            return
        if self._turnstile is None:
            self._turnstile = os.open(
                f"{name}.turnstile", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600
            )
        fcntl.flock(self._turnstile, fcntl.LOCK_EX)
        self._inside = True

    def _leave(self) -> None:
        if self._inside and self._turnstile is not None:
            fcntl.flock(self._turnstile, fcntl.LOCK_UN)
        self._inside = False
