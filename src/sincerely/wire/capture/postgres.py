"""Captures in a PostgreSQL table: one row per commit, any number of trackers.

Ids and commits may come in different orders here. Each row carries its transaction's id, drawn
before the row's own number (the columns' defaults are drawn in their order); a reader stops below
the oldest running transaction, so no row can appear below one that was read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import psycopg

from sincerely.wire.capture.packing import PER_BATCH, batches, chosen, pack, unpack, unsubscribes
from sincerely.wire.capture.port import ALL_TIME, FIELDS, Capture, Stored

_COLUMNS = ", ".join(f"c.item ->> {place} AS {name}" for place, name in enumerate(FIELDS))
SCHEMA = f"""
SELECT pg_advisory_xact_lock(7208142213);
CREATE TABLE IF NOT EXISTS capture_batch (
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at_us bigint NOT NULL, body text NOT NULL
);
ALTER TABLE capture_batch ALTER COLUMN body SET STORAGE EXTERNAL;
CREATE TABLE IF NOT EXISTS capture_unsubscribe (
    id bigint PRIMARY KEY, message_id bigint NOT NULL
);
CREATE OR REPLACE VIEW capture AS
    SELECT b.id * {PER_BATCH} + c.place - 1 AS id, {_COLUMNS}
    FROM capture_batch b, json_array_elements(b.body::json) WITH ORDINALITY AS c (item, place);
"""  # noqa: S608 -- constants; the view is for people who look into the database
INSERT = "INSERT INTO capture_batch (at_us, body) VALUES (%s, %s)"
VISIBLE = "xid < pg_snapshot_xmin(pg_current_snapshot())"
READ = f"SELECT id, body FROM capture_batch WHERE id >= %s AND {VISIBLE} ORDER BY id LIMIT %s"  # noqa: S608 -- constants
LAST = f"SELECT id, body FROM capture_batch WHERE {VISIBLE} ORDER BY id DESC LIMIT 1"  # noqa: S608 -- constants
PER_READ = 40
OLD = f"""
SELECT id FROM capture_batch WHERE id <= %s
AND (id < %s OR id * {PER_BATCH} + json_array_length(body::json) <= %s + 1) AND at_us < %s
ORDER BY id LIMIT %s
"""  # noqa: S608 -- constants
FIRST = "SELECT COALESCE(MIN(id), %s) FROM capture_batch"


class PostgresStore:
    """The table behind a connection string; connects again after a loss."""

    def __init__(self, conninfo: str) -> None:
        self._conninfo = conninfo
        self._connection: psycopg.Connection[Any] | None = None
        with self._connected() as connection, connection.transaction():
            if connection.execute("SELECT to_regclass('capture_batch')").fetchone() == (None,):
                connection.execute(SCHEMA)

    def append(self, captures: Sequence[Capture]) -> None:
        """Store all in one transaction, which is one statement in the usual case."""
        if len(captures) <= PER_BATCH and not unsubscribes(captures):
            self._run(INSERT, (captures[0].at_us, pack(captures)))
            return
        try:
            with self._connected().transaction():
                for part in batches(captures):
                    self._append(part)
        except psycopg.OperationalError:
            self.close()
            raise

    def _append(self, captures: Sequence[Capture]) -> None:
        given = (captures[0].at_us, pack(captures))
        cursor: psycopg.Cursor[Any] = self._connected().execute(INSERT + " RETURNING id", given)
        (number,) = cursor.fetchall()[0]
        rows = [(number * PER_BATCH + place, whose) for place, whose in unsubscribes(captures)]
        cursor.executemany("INSERT INTO capture_unsubscribe VALUES (%s, %s)", rows)

    def read(self, after_id: int, limit: int) -> list[Stored]:
        """Return rows after an id, below the oldest running transaction."""
        return chosen(self._rows(after_id // PER_BATCH), after_id, limit)

    def _rows(self, number: int) -> Iterator[tuple[int, str]]:
        """Yield batches from a number on, a few at a time: full ones are long."""
        while rows := self._run(READ, (number, PER_READ)).fetchall():
            yield from rows
            number = rows[-1][0] + 1

    def unfolded_unsubscribes(self, after_id: int) -> list[int]:
        """Return message ids, committed rows above the reader's horizon included."""
        sql = "SELECT message_id FROM capture_unsubscribe WHERE id > %s"
        return [row[0] for row in self._run(sql, (after_id,)).fetchall()]

    def last_id(self) -> int:
        """Return the highest id below the horizon."""
        row = self._run(LAST, ()).fetchone()
        return unpack(*row)[-1].id if row else 0

    def begin_after(self, mark: int) -> None:
        """Lift the counter to the mark if it is lower."""
        number = mark // PER_BATCH
        sequence = "pg_get_serial_sequence('capture_batch', 'id')"
        self._run(
            f"SELECT setval({sequence}, %s) FROM capture_batch_id_seq"  # noqa: S608
            " WHERE last_value < %s OR (last_value = %s AND NOT is_called)",
            (number, number, number),
        )

    def trim(self, through_id: int, limit: int, *, before_us: int = ALL_TIME) -> int:
        """Delete the oldest batches."""
        last = through_id // PER_BATCH
        bounds = (last, last, through_id, before_us, limit)
        with self._connected().transaction():
            gone = self._run(f"DELETE FROM capture_batch WHERE id IN ({OLD})", bounds).rowcount  # noqa: S608
            self._run(
                f"DELETE FROM capture_unsubscribe WHERE id < {PER_BATCH} * ({FIRST})",  # noqa: S608
                (last + 1,),
            )
        return int(gone)

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
