"""Captures in a PostgreSQL table: one statement per batch, any number of trackers.

Ids and commits may come in different orders here. Each row carries its transaction's id, drawn
before the row's own id; a reader stops below the oldest running transaction, so no row can appear
below one that was read.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import psycopg

from sincerely.wire.capture.port import FIELDS, UNSUBSCRIBE, Capture, Stored

SCHEMA = f"""
SELECT pg_advisory_xact_lock(7208142213);
CREATE TABLE IF NOT EXISTS capture (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, xid xid8 NOT NULL,
    at_us bigint NOT NULL, kind smallint NOT NULL, mailing_id bigint NOT NULL,
    message_id bigint NOT NULL, nonce bytea NOT NULL, link_number integer NOT NULL,
    ip text NOT NULL, user_agent text NOT NULL, method text NOT NULL, headers text NOT NULL,
    is_simulated boolean NOT NULL
);
CREATE INDEX IF NOT EXISTS capture_unsubscribe ON capture (id, message_id)
    WHERE kind = {UNSUBSCRIBE};
"""
COLUMNS = ", ".join(FIELDS)
TYPES = (
    "bigint", "smallint", "bigint", "bigint", "bytea", "integer",
    "text", "text", "text", "text", "boolean",
)  # fmt: skip
INSERT = (
    f"WITH me AS MATERIALIZED (SELECT pg_current_xact_id() AS xid) "  # noqa: S608 -- constants
    f"INSERT INTO capture (xid, {COLUMNS}) SELECT me.xid, r.* FROM me, "
    f"unnest({', '.join(f'%s::{kind}[]' for kind in TYPES)}) AS r ({COLUMNS})"
)
VISIBLE = "xid < pg_snapshot_xmin(pg_current_snapshot())"
READ = f"SELECT id, {COLUMNS} FROM capture WHERE id > %s AND {VISIBLE} ORDER BY id LIMIT %s"  # noqa: S608 -- constants


class PostgresStore:
    """The table behind a connection string; connects again after a loss."""

    def __init__(self, conninfo: str) -> None:
        self._conninfo = conninfo
        self._connection: psycopg.Connection[Any] | None = None
        with self._connected() as connection, connection.transaction():
            if connection.execute("SELECT to_regclass('capture')").fetchone() == (None,):
                connection.execute(SCHEMA)

    def append(self, captures: Sequence[Capture]) -> None:
        """Store all in one statement; it commits by itself."""
        columns = [list(column) for column in zip(*captures, strict=True)]
        for place in (6, 7, 8, 9):  # text here holds no NUL
            columns[place] = [text.replace("\0", "") for text in columns[place]]
        self._run(INSERT, columns)

    def read(self, after_id: int, limit: int) -> list[Stored]:
        """Return rows after an id, below the oldest running transaction."""
        return [
            Stored(row[0], Capture(*row[1:]))
            for row in self._run(READ, (after_id, limit)).fetchall()
        ]

    def unfolded_unsubscribes(self, after_id: int) -> list[int]:
        """Return message ids, committed rows above the reader's horizon included."""
        sql = "SELECT message_id FROM capture WHERE kind = 3 AND id > %s"
        return [row[0] for row in self._run(sql, (after_id,)).fetchall()]

    def last_id(self) -> int:
        """Return the highest id below the horizon."""
        sql = f"SELECT COALESCE(MAX(id), 0) FROM capture WHERE {VISIBLE}"  # noqa: S608 -- constant
        return int(self._run(sql, ()).fetchone()[0])

    def begin_after(self, mark: int) -> None:
        """Lift the counter to the mark if it is lower."""
        sequence = "pg_get_serial_sequence('capture', 'id')"
        self._run(
            f"SELECT setval({sequence}, %s) FROM capture_id_seq WHERE last_value < %s",  # noqa: S608
            (mark, mark),
        )

    def trim(self, through_id: int, limit: int) -> int:
        """Delete the oldest rows."""
        sql = "DELETE FROM capture WHERE id IN (SELECT id FROM capture WHERE id <= %s LIMIT %s)"
        return int(self._run(sql, (through_id, limit)).rowcount)

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _connected(self) -> psycopg.Connection[Any]:
        if self._connection is None or self._connection.closed:
            self._connection = psycopg.connect(
                self._conninfo, autocommit=True, connect_timeout=5, application_name="capture"
            )
        return self._connection

    def _run(self, sql: str, params: Sequence[Any]) -> Any:
        try:
            return self._connected().execute(sql, params)
        except psycopg.OperationalError:
            self.close()
            raise
