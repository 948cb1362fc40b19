"""The floor of a bulk write: `INSERT … SELECT` of the same rows into a copy of their tables.

Each table is copied twice: into one with the same indexes (and, on SQLite, the same foreign keys),
and into a bare one without any. The copies are dropped again.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import connection, models, transaction


@dataclass(frozen=True)
class Spent:
    """Seconds on the wall and of CPU: ours, and that of our PostgreSQL backend."""

    wall: float
    cpu: float

    def __sub__(self, other: Spent) -> Spent:
        return Spent(self.wall - other.wall, self.cpu - other.cpu)

    def __add__(self, other: Spent) -> Spent:
        return Spent(self.wall + other.wall, self.cpu + other.cpu)


def spent_so_far() -> Spent:
    """Return the clocks; the difference of two is what was spent between."""
    cpu = time.process_time()
    if connection.vendor == "postgresql":
        connection.ensure_connection()
        backend = Path(f"/proc/{connection.connection.info.backend_pid}/stat").read_text()
        ticks = backend.rpartition(")")[2].split()[11:13]
        cpu += sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")
    return Spent(time.monotonic(), cpu)


def spent_to_copy(tables: Iterable[type[models.Model]], *, bare: bool) -> Spent:
    """Return what the database spends to insert all rows of these tables again."""
    spent = Spent(0.0, 0.0)
    for model in tables:
        name = model._meta.db_table  # noqa: SLF001
        with connection.cursor() as cursor:
            _make(cursor, name, bare=bare)
            began = spent_so_far()
            with transaction.atomic():
                cursor.execute(f"INSERT INTO bench_copy SELECT * FROM {name} ORDER BY 1")
            spent += spent_so_far() - began
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
