"""Captures in a SQLite file of their own: WAL, full sync, readers beside one writer."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path

from sincerely.wire.capture.packing import PER_BATCH, batches, chosen, pack, unpack, unsubscribes
from sincerely.wire.capture.port import ALL_TIME, FIELDS, Capture, Stored

_COLUMNS = ", ".join(f"value ->> {place} AS {name}" for place, name in enumerate(FIELDS))
SCHEMA = f"""
CREATE TABLE IF NOT EXISTS batch (
    id INTEGER PRIMARY KEY AUTOINCREMENT, at_us INTEGER NOT NULL, body TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS unsubscribe (id INTEGER PRIMARY KEY, message_id INTEGER NOT NULL);
CREATE VIEW IF NOT EXISTS capture AS
    SELECT batch.id * {PER_BATCH} + key AS id, {_COLUMNS} FROM batch, json_each(body);
PRAGMA user_version=2;
"""  # noqa: S608 -- constants; the view is for people who look into the file
INSERT = "INSERT INTO batch (at_us, body) VALUES (?, ?)"
OLD = f"""
SELECT id FROM batch WHERE id <= ?
AND (id < ? OR id * {PER_BATCH} + json_array_length(body) <= ? + 1) AND at_us < ?
ORDER BY id LIMIT ?
"""  # noqa: S608 -- constants


class SqliteStore:
    """The file at a path; used by one thread at a time."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path, timeout=30, isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=FULL")
        if self._db.execute("PRAGMA user_version").fetchone()[0] < 2:
            self._db.executescript(SCHEMA)

    def append(self, captures: Sequence[Capture]) -> None:
        """Store all in one transaction, which is one statement in the usual case."""
        if len(captures) <= PER_BATCH and not unsubscribes(captures):
            self._db.execute(INSERT, (captures[0].at_us, pack(captures)))
            return
        self._db.execute("BEGIN IMMEDIATE")
        try:
            for part in batches(captures):
                self._append(part)
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise

    def _append(self, captures: Sequence[Capture]) -> None:
        number = self._db.execute(INSERT, (captures[0].at_us, pack(captures))).lastrowid or 0
        rows = [(number * PER_BATCH + place, whose) for place, whose in unsubscribes(captures)]
        self._db.executemany("INSERT INTO unsubscribe VALUES (?, ?)", rows)

    def read(self, after_id: int, limit: int) -> list[Stored]:
        """Return rows after an id; writers are serial, so ids come in order of commits."""
        sql = "SELECT id, body FROM batch WHERE id >= ? ORDER BY id"
        return chosen(self._db.execute(sql, (after_id // PER_BATCH,)), after_id, limit)

    def unfolded_unsubscribes(self, after_id: int) -> list[int]:
        """Return message ids; a few microseconds."""
        found = self._db.execute("SELECT message_id FROM unsubscribe WHERE id > ?", (after_id,))
        return [row[0] for row in found]

    def last_id(self) -> int:
        """Return the highest id."""
        row = self._db.execute("SELECT id, body FROM batch ORDER BY id DESC LIMIT 1").fetchone()
        return unpack(*row)[-1].id if row else 0

    def begin_after(self, mark: int) -> None:
        """Lift the counter to the mark if it is lower."""
        number = mark // PER_BATCH
        self._db.execute("BEGIN IMMEDIATE")
        self._db.execute(
            "INSERT INTO sqlite_sequence (name, seq) SELECT 'batch', 0"
            " WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'batch')"
        )
        self._db.execute(
            "UPDATE sqlite_sequence SET seq = ? WHERE name = 'batch' AND seq < ?", (number, number)
        )
        self._db.execute("COMMIT")

    def trim(self, through_id: int, limit: int, *, before_us: int = ALL_TIME) -> int:
        """Delete the oldest batches; numbers are never handed out again (AUTOINCREMENT)."""
        last = through_id // PER_BATCH
        bounds = (last, last, through_id, before_us, limit)
        gone = self._db.execute(f"DELETE FROM batch WHERE id IN ({OLD})", bounds).rowcount  # noqa: S608
        first = "SELECT COALESCE(MIN(id), ?) FROM batch"
        self._db.execute(
            f"DELETE FROM unsubscribe WHERE id < {PER_BATCH} * ({first})",  # noqa: S608
            (last + 1,),
        )
        return gone

    def close(self) -> None:
        """Close the file."""
        self._db.close()
