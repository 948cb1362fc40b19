"""Many contact ids from a statement, as numbers side by side instead of a tuple per row."""

# ruff: noqa: S608 -- the SQL is our own; every value is a parameter
from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from django.db import connection
from pyroaring import BitMap

from sincerely.apps.segments.query import ContactQuery

Numbers = npt.NDArray[np.int64]
# COPY's binary form: a header of 19 bytes, then per row the count of columns, and per column its
# length and its value, all big-endian; two bytes of -1 end it.
_HEADER_BYTES, _TRAILER_BYTES = 19, 2


def fetch_ids_of(query: ContactQuery) -> BitMap:
    """Return the contact ids of a statement as a set.

    SQLite joins them to one text: for 500,000 ids a third of the time that rows take.
    """
    if connection.vendor == "postgresql":
        return BitMap(_copied(query, 1)[0].astype(np.uint32))
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT GROUP_CONCAT(contact_id) FROM ({query.sql})", query.params)
        text = cursor.fetchone()[0]
    return BitMap(np.fromstring(text, np.uint32, sep=",")) if text else BitMap()


def fetch_numbers(query: ContactQuery, columns: int = 1) -> Numbers:
    """Return the rows of a statement of whole numbers, as an array of one row per column.

    PostgreSQL sends them by COPY: for 500,000 ids a tenth of the time that rows take.
    """
    if connection.vendor == "postgresql":
        return _copied(query, columns)
    with connection.cursor() as cursor:
        cursor.execute(query.sql, query.params)
        rows = cursor.fetchall()
    flat = np.fromiter((value for row in rows for value in row), np.int64, len(rows) * columns)
    return flat.reshape(-1, columns).T


def _copied(query: ContactQuery, columns: int) -> Numbers:
    names = [f"c{n}" for n in range(columns)]
    cast = ", ".join(f"{name}::bigint" for name in names)
    rows_sql = f"SELECT {cast} FROM ({query.sql}) q ({', '.join(names)})"
    sql = f"COPY ({rows_sql}) TO STDOUT (FORMAT binary)"
    with connection.cursor() as cursor, cursor.copy(sql, query.params) as copy:  # type: ignore[attr-defined]
        received = b"".join(bytes(block) for block in copy)
    fields: list[tuple[str, Any]] = [("count", ">i2")]
    for name in names:
        fields += [(f"{name}_length", ">i4"), (name, ">i8")]
    body = memoryview(received)[_HEADER_BYTES : len(received) - _TRAILER_BYTES]
    rows = np.frombuffer(body, np.dtype(fields))
    return np.array([rows[name] for name in names], np.int64)
