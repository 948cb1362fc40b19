"""Links in a small file of the tracker's own: what a start without the main database serves.

It is a copy of what the main database said last, made anew when it is lost or damaged; no backup
needs it. Trouble with it stops nothing.
"""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import structlog

from sincerely.engines.tracker.links import MOST_MAILINGS, ByMailing

log = structlog.get_logger("tracker")
NAME = "links.sqlite3"
_SCHEMA = "CREATE TABLE IF NOT EXISTS links (mailing_id INTEGER PRIMARY KEY, body TEXT NOT NULL)"
_OLD = """
DELETE FROM links WHERE mailing_id NOT IN
(SELECT mailing_id FROM links ORDER BY mailing_id DESC LIMIT ?)
"""


class Kept:
    """The file at a path; used by one thread at a time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._db: sqlite3.Connection | None = None

    def load(self) -> ByMailing:
        """Return what is kept of the newest mailings, in order; a damaged file is made anew."""
        try:
            return self._load()
        except (sqlite3.DatabaseError, ValueError) as problem:
            log.warning("kept links cannot be read", problem=str(problem))
            self.close()
            for ending in ("", "-wal", "-shm"):
                self._path.with_name(self._path.name + ending).unlink(missing_ok=True)
            return {}

    def _load(self) -> ByMailing:
        db = self._opened()
        db.execute(_OLD, (MOST_MAILINGS,))
        rows = db.execute("SELECT mailing_id, body FROM links ORDER BY mailing_id")
        return {
            mailing_id: {int(number): url for number, url in json.loads(body).items()}
            for mailing_id, body in rows
        }

    def keep(self, changed: ByMailing) -> None:
        """Write down the links of these mailings."""
        rows = [(mailing_id, json.dumps(links)) for mailing_id, links in changed.items()]
        try:
            db = self._opened()
            db.execute("BEGIN IMMEDIATE")
            try:
                db.executemany("INSERT OR REPLACE INTO links VALUES (?, ?)", rows)
            finally:
                db.execute("COMMIT")
        except sqlite3.Error as problem:
            log.warning("links cannot be kept", problem=str(problem))
            self.close()

    def close(self) -> None:
        """Close the file."""
        if self._db is not None:
            self._db.close()
            self._db = None

    def _opened(self) -> sqlite3.Connection:
        if self._db is None:
            self._db = sqlite3.connect(
                self._path, timeout=2, isolation_level=None, check_same_thread=False
            )
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=NORMAL")
            self._db.execute(_SCHEMA)
        return self._db
