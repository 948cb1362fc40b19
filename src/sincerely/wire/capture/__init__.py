"""The capture store: what the tracker saw, append-only, durable before the tracker answers.

Two ports of one contract (`port.py`): a SQLite file of its own, and a table on PostgreSQL. Capture
is dumb on purpose: no judgement, one index for the gate, group commit by one writer thread
(`group.py`). The folder reads rows after its watermark and turns them into signals.
"""

from __future__ import annotations

from pathlib import Path

from sincerely.wire.capture.group import GroupWriter, Overloaded
from sincerely.wire.capture.port import CLICK, FAILURES, OPEN, UNSUBSCRIBE, Capture, Store, Stored
from sincerely.wire.capture.sqlite import SqliteStore

__all__ = [
    "CLICK",
    "FAILURES",
    "OPEN",
    "UNSUBSCRIBE",
    "Capture",
    "GroupWriter",
    "Overloaded",
    "SqliteStore",
    "Store",
    "Stored",
    "open_store",
]


def open_store(path: Path, conninfo: str = "") -> Store:
    """Return the store of this installation: the table behind `conninfo`, else the file at `path`.

    One store serves one thread; the file or table is made if it is missing.
    """
    if not conninfo:
        return SqliteStore(path)
    from sincerely.wire.capture.postgres import PostgresStore  # noqa: PLC0415 -- psycopg: 0.2 s

    return PostgresStore(conninfo)
