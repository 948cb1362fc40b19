"""The floor of a bulk write: `INSERT … SELECT` of the same rows into a copy of their tables.

Each table is copied twice: into one with the same indexes (and, on SQLite, the same foreign keys),
and into a bare one without any. The copies are dropped again.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

from django.db import connection, models, transaction


def seconds_to_copy(tables: Iterable[type[models.Model]], *, bare: bool) -> float:
    """Return how long the database takes to insert all rows of these tables again."""
    spent = 0.0
    for model in tables:
        name = model._meta.db_table  # noqa: SLF001
        with connection.cursor() as cursor:
            _make(cursor, name, bare=bare)
            began = time.monotonic()
            with transaction.atomic():
                cursor.execute(f"INSERT INTO bench_copy SELECT * FROM {name} ORDER BY 1")
            spent += time.monotonic() - began
            cursor.execute("DROP TABLE bench_copy")
    return spent


def _make(cursor: Any, name: str, *, bare: bool) -> None:
    if connection.vendor == "postgresql":
        like = "" if bare else "INCLUDING ALL"
        cursor.execute(f"CREATE TABLE bench_copy (LIKE {name} {like})")
        return
    if bare:
        cursor.execute(f"CREATE TABLE bench_copy AS SELECT * FROM {name} WHERE false")
        return
    cursor.execute(
        "SELECT type, name, sql FROM sqlite_master WHERE tbl_name = %s AND sql IS NOT NULL "
        "AND type IN ('table', 'index') "
        "ORDER BY type DESC",
        [name],
    )
    for kind, own, sql in cursor.fetchall():
        text = sql.replace(f'"{name}"', '"bench_copy"', 1)
        if kind == "index":
            text = text.replace(f'"{own}"', f'"bench_{own}"', 1)
        cursor.execute(text)
