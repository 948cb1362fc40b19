"""Many contact ids from a statement, as one value instead of a tuple per row."""

# ruff: noqa: S608 -- the SQL is our own; every value is a parameter
from __future__ import annotations

from array import array

import numpy as np
import numpy.typing as npt
from django.db import connection
from pyroaring import BitMap

from sincerely.apps.segments.query import ContactQuery

Numbers = npt.NDArray[np.uint32]


def fetch_ids_of(query: ContactQuery) -> BitMap:
    """Return the contact ids of a statement as a set."""
    return set_of(fetch_numbers(query, 1)[0])


def set_of(ids: Numbers) -> BitMap:
    """Return a set of ids in any order; from an `array` it is made five times as fast."""
    ordered = array("I")
    ordered.frombytes(np.sort(ids).tobytes())
    return BitMap(ordered)


def fetch_numbers(query: ContactQuery, columns: int) -> list[Numbers]:
    """Return the columns of a statement of numbers below 2³², each as an array.

    The database strings each column together, SQLite as text, PostgreSQL as bytes: for 500,000 ids
    a third and a tenth of the time that rows take.
    """
    is_postgresql = connection.vendor == "postgresql"
    names = [f"c{place}" for place in range(columns)]
    whole = "STRING_AGG(int4send({}::int4), ''::bytea)" if is_postgresql else "GROUP_CONCAT({})"
    strung = ", ".join(whole.format(name) for name in names)
    sql = f"WITH q ({', '.join(names)}) AS ({query.sql}) SELECT {strung} FROM q"
    with connection.cursor() as cursor:
        cursor.execute(sql, query.params)
        values = cursor.fetchone()
    if is_postgresql:
        return [np.frombuffer(value or b"", ">u4").astype(np.uint32) for value in values]
    return [np.fromstring(value or "", np.uint32, sep=",") for value in values]
