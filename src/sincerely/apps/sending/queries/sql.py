"""Small differences between the two databases, in one place."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
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
