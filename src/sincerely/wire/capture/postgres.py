"""Captures in a PostgreSQL table: one row per commit, any number of trackers.

Ids and commits come in different orders here unless somebody sees to it: each batch takes a turn
(an advisory lock, held to the end of its transaction) before it draws its number. So batches appear
in the order of their numbers, and a reader simply reads on; no other transaction holds it up.
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
TURN = 7208142214
INSERT = f"""
WITH turn AS MATERIALIZED (SELECT pg_advisory_xact_lock({TURN})),
kept AS (INSERT INTO capture_batch (at_us, body) SELECT %s, %s FROM turn RETURNING id)
INSERT INTO capture_unsubscribe (id, message_id)
SELECT kept.id * {PER_BATCH} + u.place, u.message_id
FROM kept, unnest(%s::bigint[], %s::bigint[]) AS u (place, message_id)
"""  # noqa: S608 -- constants
READ = "SELECT id, body FROM capture_batch WHERE id >= %s ORDER BY id LIMIT %s"
LAST = "SELECT id, body FROM capture_batch ORDER BY id DESC LIMIT 1"
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
        if len(captures) <= PER_BATCH:
            self._run(INSERT, _row(captures))
            return
        try:
            with self._connected().transaction():
                for part in batches(captures):
                    self._connected().execute(INSERT, _row(part))
        except psycopg.OperationalError:
            self.close()
            raise

    def read(self, after_id: int, limit: int) -> list[Stored]:
        """Return rows after an id; they appear in the order of their ids."""
        return chosen(self._rows(after_id // PER_BATCH), after_id, limit)

    def _rows(self, number: int) -> Iterator[tuple[int, str]]:
        """Yield batches from a number on, a few at a time: full ones are long."""
        while rows := self._run(READ, (number, PER_READ)).fetchall():
            yield from rows
            number = rows[-1][0] + 1

    def unfolded_unsubscribes(self, after_id: int) -> list[int]:
        """Return message ids of all that is committed."""
        sql = "SELECT message_id FROM capture_unsubscribe WHERE id > %s"
        return [row[0] for row in self._run(sql, (after_id,)).fetchall()]

    def last_id(self) -> int:
        """Return the highest id."""
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
                self._conninfo,
                autocommit=True,
                connect_timeout=5,
                application_name="capture",
                options="-c idle_in_transaction_session_timeout=5000",
            )
        return self._connection

    def _run(self, sql: str, params: Sequence[Any]) -> Any:
        try:
            return self._connected().execute(sql, params)
        except psycopg.OperationalError:
            self.close()
            raise


def _row(captures: Sequence[Capture]) -> tuple[Any, ...]:
    leaving = unsubscribes(captures)
    places, message_ids = [place for place, _id in leaving], [whose for _place, whose in leaving]
    return captures[0].at_us, pack(captures), places, message_ids
