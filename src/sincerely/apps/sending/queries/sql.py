"""Small differences between the two databases, in one place."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from functools import cache, lru_cache
from itertools import count
from typing import Any

import psycopg
from django.db import connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper

Columns = tuple[tuple[str, str], ...]
_thread = threading.local()


@cache
def is_postgresql() -> bool:
    """Say which of the two databases this is; asking Django costs 3 µs, and a commit asks often."""
    return connection.vendor == "postgresql"


def moment(at: datetime | None) -> Any:
    """Return a time as a raw statement takes it: as Django does, at a tenth of the price."""
    if at is None or is_postgresql():
        return at
    return str(at.astimezone(UTC).replace(tzinfo=None))


def read_moment(value: Any) -> datetime | None:
    """Return a time that a raw statement gave: SQLite gives the text of what it computed."""
    at = datetime.fromisoformat(value) if isinstance(value, str) else value
    return at.replace(tzinfo=UTC) if at is not None and at.tzinfo is None else at


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


def run(sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    """Run a statement of the sender's on the driver's own cursor and return its rows, if any.

    It belongs to the transaction that Django has open. Django's cursor costs 60 µs a statement, and
    on PostgreSQL it plans each anew; a sender runs thousands a second, always the same few.
    """
    here = _session()
    with here.wrap_database_errors:
        if is_postgresql():
            return _prepared(here.connection, sql, parameters)
        return here.connection.execute(_marked(sql), parameters).fetchall()  # type: ignore[no-any-return]


CHUNKS = (64, 16, 4, 1)  # a statement is kept prepared for each of these numbers of rows


def run_bound(sql: str, given: Sequence[Sequence[Any]], parameters: Sequence[Any] = ()) -> int:
    """Run a statement on SQLite whose `{given}` are these rows, the first of its parameters.

    Returns how many rows it wrote (the driver counts where it begins with that verb).
    """
    here = _session()
    count = at = 0
    with here.wrap_database_errors:
        while at < len(given):
            size = next(size for size in CHUNKS if size <= len(given) - at)
            flat = [value for row in given[at : at + size] for value in row]
            prepared = _with_values(sql, size, len(given[0]))
            count += int(here.connection.execute(prepared, [*flat, *parameters]).rowcount)
            at += size
    return count


@lru_cache(maxsize=512)
def _with_values(sql: str, count: int, width: int) -> str:
    row = f"({', '.join('?' * width)})"
    return _marked(sql).replace("{given}", f"VALUES {', '.join([row] * count)}")


def _session() -> BaseDatabaseWrapper:
    """Return this thread's connection: remembered, for Django looks for it for 3 µs at each use."""
    here: BaseDatabaseWrapper | None = getattr(_thread, "connection", None)
    if here is None:
        here = _thread.connection = connections["default"]
    here.ensure_connection()
    return here


def go_by_keys() -> None:
    """Let this session reach rows by their keys: kept plans scanned whole tables (twice as slow).

    For a session whose every statement names its rows, as the recorder's do; no use on SQLite. One
    plan per statement is made and kept: planning a turn anew costs more than the turn.
    """
    if is_postgresql():
        with connection.cursor() as cursor:
            for way in ("seqscan", "hashjoin", "mergejoin"):
                cursor.execute(f"SET enable_{way} = off")
            cursor.execute("SET plan_cache_mode = force_generic_plan")


def _prepared(
    session: psycopg.Connection[Any], sql: str, parameters: Sequence[Any]
) -> list[tuple[Any, ...]]:
    """Run a statement that the server keeps prepared; the sender's sessions are never pooled."""
    if session.prepare_threshold is None:
        session.prepare_threshold = 5
    with psycopg.RawCursor(session) as cursor:  # the other kind reads a long statement each time
        cursor.execute(_numbered(sql), parameters, prepare=True)
        return cursor.fetchall() if cursor.description else []


@lru_cache(maxsize=256)
def _marked(sql: str) -> str:
    """SQLite's own marks for parameters; none of our statements holds a percent sign."""
    return sql.replace("%s", "?")


@lru_cache(maxsize=256)
def _numbered(sql: str) -> str:
    """PostgreSQL's own marks for parameters."""
    number = count(1)
    return re.sub("%s", lambda _: f"${next(number)}", sql)


def with_given(sql: str, columns: Columns) -> str:
    """Return the statement with the source of rows for one parameter from `given_values`.

    `columns` are names and PostgreSQL types in the order of the values. One statement for a batch:
    each step of a statement gives Python's lock away, and another thread may keep it a while.
    """
    return _with_given(sql, columns, is_postgres=is_postgresql())


@lru_cache(maxsize=64)
def _with_given(sql: str, columns: Columns, *, is_postgres: bool) -> str:
    if is_postgres:
        named = [f"(value->>{n})::{kind} AS {name}" for n, (name, kind) in enumerate(columns)]
        source = "json_array_elements(CAST(%s AS json))"
    else:
        named = [f"json_extract(value, '$[{n}]') AS {name}" for n, (name, _) in enumerate(columns)]
        source = "json_each(%s)"
    return sql.format(given=f"SELECT {', '.join(named)} FROM {source}")  # noqa: S608 -- constants


def given_values(batch: Iterable[Sequence[Any]]) -> str:
    """Return the parameter for `with_given`."""
    return json.dumps(list(batch))


def moment_text(at: datetime | None) -> str | None:
    """Return a time as it stands among the values of `given_values`."""
    return None if at is None else str(moment(at))
