"""How bulk work in slices keeps out of the way of those who wait for the database."""

from __future__ import annotations

from django.db import connection


def somebody_waits() -> bool:
    """Say whether another writer waits for this transaction to end (PostgreSQL has many)."""
    return connection.vendor == "sqlite" and bool(connection.has_waiters())  # type: ignore[attr-defined]


def copy_back() -> None:
    """Copy on SQLite what was committed from the log into the database, in no transaction.

    Left to a commit, up to 32 MB are copied while everybody waits; here writers go on meanwhile.
    """
    if connection.vendor == "sqlite":
        connection.copy_back()  # type: ignore[attr-defined]
