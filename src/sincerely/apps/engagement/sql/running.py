"""Running the fold's statements: one, one for each row, or many rows into a table at once.

A `Scratch` is a temporary table of this connection that holds one batch. What follows from the
batch are then a few statements, the same on SQLite and PostgreSQL, however many rows there are.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from django.db import connection

MOST_VALUES = 999  # of one statement: the least that any SQLite takes


@dataclass(frozen=True, slots=True)
class Scratch:
    """A temporary table: its columns as 'name type' (PostgreSQL's words), and its key if any.

    On SQLite rows lie `in_order` of these columns, none of which is NULL and which no two rows
    share: statements that group by the first of them need not sort.
    """

    name: str
    columns: tuple[str, ...]
    key: str = ""
    in_order: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """The columns' names, in order."""
        return tuple(column.split(" ", 1)[0] for column in self.columns)

    def empty(self) -> None:
        """Make the table if this connection has none yet, and take out what it holds."""
        key, ends = self.key, ""
        if connection.vendor == "postgresql":
            ends = " ON COMMIT DELETE ROWS"
        elif self.in_order:
            key, ends = self.in_order, " WITHOUT ROWID"
        keys = [f"PRIMARY KEY ({key})"] if key else []
        with connection.cursor() as cursor:
            cursor.execute(
                f"CREATE TEMP TABLE IF NOT EXISTS {self.name}"
                f" ({', '.join([*self.columns, *keys])}){ends}"
            )
            cursor.execute(f"DELETE FROM {self.name}")  # noqa: S608 -- a constant name

    def fill(self, rows: Iterable[Sequence[Any]]) -> None:
        """Make these rows all that the table holds."""
        self.empty()
        load(self.name, self.names, rows)


def load(table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Insert many rows as fast as the database can."""
    listed = list(rows)
    if not listed:
        return
    if connection.vendor != "postgresql":
        _insert(table, columns, listed)
        return
    names = ", ".join(columns)
    with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy,
    ):
        for row in listed:
            copy.write_row(row)


def _insert(table: str, columns: Sequence[str], rows: list[Sequence[Any]]) -> None:
    """Insert as many rows by one statement as SQLite takes, and the rest row by row.

    A statement that inserts looks its table's last number up among those of all tables: 3 instead
    of 7 µs a row. Not by a cursor of Django's, which reads the text anew each time.
    """
    insert = f"INSERT INTO {table} ({', '.join(columns)}) VALUES "  # noqa: S608 -- constants
    places = f"({', '.join('?' * len(columns))})"
    together = MOST_VALUES // len(columns)
    whole = len(rows) - len(rows) % together
    connection.ensure_connection()
    with connection.wrap_database_errors:
        many = insert + ", ".join([places] * together)
        for start in range(0, whole, together):
            values = list(chain.from_iterable(rows[start : start + together]))
            connection.connection.execute(many, values)
        connection.connection.executemany(insert + places, rows[whole:])


def run(statement: str, params: Sequence[Any] | None = None) -> int:
    """Run one statement over a whole batch; return how many rows it wrote."""
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return int(cursor.rowcount)


def run_many(statement: str, rows: Iterable[Sequence[Any]]) -> None:
    """Run one statement for each row."""
    listed = list(rows)
    if listed:
        with connection.cursor() as cursor:
            cursor.executemany(statement, listed)


def fetch(statement: str, params: Sequence[Any] | None = None) -> list[tuple[Any, ...]]:
    """Return all rows of a question."""
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return list(cursor.fetchall())
