"""Small differences between the two databases, in one place."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import connection


def is_postgresql() -> bool:
    """Say which of the two databases this is."""
    return connection.vendor == "postgresql"


def moment(at: datetime | None) -> Any:
    """Return a time as a raw statement takes it."""
    return None if at is None else connection.ops.adapt_datetimefield_value(at)


def id_rows() -> str:
    """Return the source of rows `(contact_id, place)` for one parameter from `id_values`."""
    if is_postgresql():
        return (
            "SELECT u.v AS id, u.n - 1 AS place FROM unnest(%s::bigint[]) WITH ORDINALITY u(v, n)"
        )
    return "SELECT value AS id, key AS place FROM json_each(%s)"


def id_values(ids: Iterable[int]) -> Any:
    """Return the parameter for `id_rows`."""
    return list(ids) if is_postgresql() else json.dumps(list(ids))


def lock_rows(*, skip_locked: bool = False) -> str:
    """Return the locking clause; SQLite's writer is alone anyway."""
    if not is_postgresql():
        return ""
    return " FOR UPDATE SKIP LOCKED" if skip_locked else " FOR UPDATE"


def rows(sql: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
    """Run one statement and return all its rows."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return list(cursor.fetchall())


def given_rows(columns: Mapping[str, str]) -> str:
    """Return the source of rows for one parameter from `given_values`.

    `columns` are names and PostgreSQL types in the order of the values. One statement for a batch:
    each step of a statement gives Python's lock away, and another thread may keep it a while.
    """
    if is_postgresql():
        named = [
            f"(value->>{n})::{kind} AS {name}" for n, (name, kind) in enumerate(columns.items())
        ]
        return f"SELECT {', '.join(named)} FROM json_array_elements(CAST(%s AS json))"  # noqa: S608 -- constants
    named = [f"json_extract(value, '$[{n}]') AS {name}" for n, name in enumerate(columns)]
    return f"SELECT {', '.join(named)} FROM json_each(%s)"  # noqa: S608 -- constants


def given_values(batch: Iterable[Sequence[Any]]) -> str:
    """Return the parameter for `given_rows`."""
    return json.dumps(list(batch))


def moment_text(at: datetime | None) -> str | None:
    """Return a time as it stands among the values of `given_rows`."""
    return None if at is None else str(moment(at))
