"""The journal on PostgreSQL: rows of a narrow table, for nothing else is shared.

Row 0 of a sender proves that nobody has taken its journal over: every record is written on the
condition that it is there, and locks it for that moment. Who takes over locks it first, so what is
written before is read, and what comes later is refused. The session is the journal's own.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import psycopg
from django.db import connection

from sincerely.apps.sending.queries.sql import lock_rows
from sincerely.engines.sender.journal import JournalLost

MOST_LINES = 500
CLEAR = "DELETE FROM sending_journalline WHERE owner = %s"  # of a beginning that was cut short
PROOF = "INSERT INTO sending_journalline (owner, number, record) VALUES (%s, 0, '')"
APPEND = """
INSERT INTO sending_journalline (owner, number, record) SELECT p.owner, %s, %s
FROM (SELECT owner FROM sending_journalline WHERE owner = %s AND number = 0 FOR KEY SHARE) p"""
# The new first line and the end of those before it, in one.
BEGIN_ANEW = f"""
WITH added AS ({APPEND} RETURNING owner),
gone AS (DELETE FROM sending_journalline l USING added a
  WHERE l.owner = a.owner AND l.number BETWEEN 1 AND %s)
SELECT owner FROM added"""  # noqa: S608 -- fixed parts
LOCK = "SELECT 1 FROM sending_journalline WHERE owner = %s AND number = 0"
TAKE = "DELETE FROM sending_journalline WHERE owner = %s RETURNING number, record"
Session = psycopg.Connection[Any]


class TableJournal:
    """A journal in the database; made anew, for one sender."""

    is_near = False

    def __init__(self, owner: str, record: bytes, *, session: Callable[[], Session]) -> None:
        self._owner = owner
        self._open = session
        self._session = session()
        self._number = 0
        self._first = 1
        self._session.execute(CLEAR, [owner])
        self._session.execute(PROOF, [owner])
        self.begin_anew(record)

    def has_room(self, size: int) -> bool:
        """Say whether the lines are few."""
        return self._number - self._first < MOST_LINES

    def append(self, record: bytes) -> None:
        """Add a line."""
        self._write(APPEND, record)

    def begin_anew(self, record: bytes) -> None:
        """Add a line and remove those before it."""
        self._write(BEGIN_ANEW, record, self._number)
        self._first = self._number

    def close(self) -> None:
        """End the session; the lines stay."""
        self._session.close()

    def _write(self, sql: str, record: bytes, *more: int) -> None:
        """Write one line, by a new session where the last is gone.

        A line whose answer was lost is written again under its next number.
        """
        if self._session.closed or self._session.broken:
            self._session = self._open()
        self._number += 1
        with contextlib.closing(self._session.cursor()) as cursor:
            cursor.execute(sql, [self._number, record.decode(), self._owner, *more], prepare=True)
            if cursor.rowcount == 0:
                raise JournalLost


def take(owner: str) -> list[bytes] | None:
    """Take a journal from its sender and return its records, in the caller's transaction.

    None where there is none to trust.
    """
    with connection.cursor() as cursor:
        cursor.execute(LOCK + lock_rows(), [owner])
        is_whole = cursor.fetchone() is not None
        cursor.execute(TAKE, [owner])
        lines = sorted(cursor.fetchall())
    return [record.encode() for number, record in lines if number] if is_whole else None


def owners() -> set[str]:
    """Return the senders that have a journal."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT owner FROM sending_journalline WHERE number = 0")
        return {row[0] for row in cursor.fetchall()}
