"""The staging table of a slice: who is in it, with the id that was found or allotted.

A temporary table of the connection; what the slice writes then comes from joins with it, without a
Python object per row. `people_stage_labels` holds each different set of labels once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import connection

from sincerely.apps.people.sql.bulk import Row, is_sqlite

COLUMNS = {
    "place": "integer",
    "contact_id": "bigint",
    "is_new": "boolean",
    "address": "text",
    "domain": "text",
    "first_name": "text",
    "last_name": "text",
    "language": "text",
    "time_zone": "text",
    "fields": "text",
    "signed_up_at": "timestamptz",
    "last_sent_at": "timestamptz",
    "last_open_at": "timestamptz",
    "last_click_at": "timestamptz",
    "label_set": "integer",
    "record_id": "bigint",
    "permitted_at": "timestamptz",
    "payload": "text",
}
LABELS = {"label_set": "integer", "label_id": "bigint"}
# What plans go by; sampling every column took as long as copying the rows.
PLANNED = {"people_stage": "is_new, label_set", "people_stage_labels": "label_set"}


def fill(people: Mapping[str, Sequence[Any]], labels: Mapping[str, Sequence[Any]]) -> None:
    """Replace what is staged; columns that are not given stay empty. In a transaction."""
    with connection.cursor() as cursor:
        for table, kinds, key, columns in (
            ("people_stage", COLUMNS, "place", people),
            ("people_stage_labels", LABELS, "label_set, label_id", labels),
        ):
            listed = ", ".join(f"{name} {kind}" for name, kind in kinds.items())
            cursor.execute(
                f"CREATE TEMPORARY TABLE IF NOT EXISTS {table} ({listed}, PRIMARY KEY ({key}))"
            )
            names = ", ".join(columns)
            rows = list(zip(*columns.values(), strict=True))
            if is_sqlite():
                cursor.execute(f"DELETE FROM {table}")  # noqa: S608 -- constants
                places = ", ".join(["%s"] * len(columns))
                cursor.executemany(f"INSERT INTO {table} ({names}) VALUES ({places})", rows)  # noqa: S608
            else:
                cursor.execute(f"TRUNCATE {table}")
                into = f"{table} ({names})"
                _copy(cursor, into, kinds=[kinds[name] for name in columns], rows=rows)
                cursor.execute(f"ANALYZE {table} ({PLANNED[table]})")


def _copy(cursor: Any, table: str, *, kinds: Sequence[str], rows: Iterable[Row]) -> None:
    with cursor.copy(f"COPY {table} FROM STDIN (FORMAT BINARY)") as copy:
        copy.set_types(kinds)
        for row in rows:
            copy.write_row(row)


def found(sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    """Return the rows of a query over the staged people."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return list(cursor.fetchall())
