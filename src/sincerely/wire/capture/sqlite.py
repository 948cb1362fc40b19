"""Captures in a SQLite file of their own: WAL, full sync, readers beside one writer."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path

from sincerely.wire.capture.port import FIELDS, UNSUBSCRIBE, Capture, Stored

SCHEMA = f"""
CREATE TABLE IF NOT EXISTS capture (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at_us INTEGER NOT NULL, kind INTEGER NOT NULL, mailing_id INTEGER NOT NULL,
    message_id INTEGER NOT NULL, nonce BLOB NOT NULL, link_number INTEGER NOT NULL,
    ip TEXT NOT NULL, user_agent TEXT NOT NULL, method TEXT NOT NULL, headers TEXT NOT NULL,
    is_simulated INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS capture_unsubscribe ON capture (id, message_id)
    WHERE kind = {UNSUBSCRIBE};
"""
COLUMNS = ", ".join(FIELDS)
INSERT = f"INSERT INTO capture ({COLUMNS}) VALUES ({', '.join('?' * len(FIELDS))})"  # noqa: S608 -- constants
READ = f"SELECT id, {COLUMNS} FROM capture WHERE id > ? ORDER BY id LIMIT ?"  # noqa: S608 -- constants


class SqliteStore:
    """The file at a path; used by one thread at a time."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path, timeout=30, isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=FULL")
        if self._db.execute("PRAGMA user_version").fetchone()[0] == 0:
            self._db.executescript(SCHEMA + "PRAGMA user_version=1;")

    def append(self, captures: Sequence[Capture]) -> None:
        """Store all in one transaction."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            self._db.executemany(INSERT, captures)
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise

    def read(self, after_id: int, limit: int) -> list[Stored]:
        """Return rows after an id; writers are serial, so ids come in order of commits."""
        return [
            Stored(row[0], Capture(*row[1:11], is_simulated=bool(row[11])))
            for row in self._db.execute(READ, (after_id, limit))
        ]

    def unfolded_unsubscribes(self, after_id: int) -> list[int]:
        """Return message ids; the partial index makes this a few microseconds."""
        found = self._db.execute(
            "SELECT message_id FROM capture WHERE kind = 3 AND id > ?", (after_id,)
        )
        return [row[0] for row in found]

    def last_id(self) -> int:
        """Return the highest id."""
        return int(self._db.execute("SELECT COALESCE(MAX(id), 0) FROM capture").fetchone()[0])

    def begin_after(self, mark: int) -> None:
        """Lift the counter to the mark if it is lower."""
        self._db.execute("BEGIN IMMEDIATE")
        self._db.execute(
            "INSERT INTO sqlite_sequence (name, seq) SELECT 'capture', 0"
            " WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'capture')"
        )
        self._db.execute(
            "UPDATE sqlite_sequence SET seq = ? WHERE name = 'capture' AND seq < ?", (mark, mark)
        )
        self._db.execute("COMMIT")

    def trim(self, through_id: int, limit: int) -> int:
        """Delete the oldest rows; ids are never handed out again (AUTOINCREMENT)."""
        return self._db.execute(
            "DELETE FROM capture WHERE id IN (SELECT id FROM capture WHERE id <= ? LIMIT ?)",
            (through_id, limit),
        ).rowcount

    def close(self) -> None:
        """Close the file."""
        self._db.close()
