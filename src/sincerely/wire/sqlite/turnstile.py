"""Looking back at the queue: bulk work in slices goes on only while nobody waits."""

from __future__ import annotations

from django.db import connection


def somebody_waits() -> bool:
    """Say whether another writer waits for this transaction to end (PostgreSQL has many)."""
    return connection.vendor == "sqlite" and bool(connection.has_waiters())  # type: ignore[attr-defined]
