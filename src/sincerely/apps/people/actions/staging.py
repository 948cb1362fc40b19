"""Turns an upload into rows that can be resumed from any byte, and marks its duplicates.

The staged file has one line per row (queries/staged.py). A record that spans lines, an old
encoding, a spreadsheet: all that is dealt with once, here. Beside it a file of flags, one byte per
row: 0 take, 1 duplicate, 2 merged into an earlier row of its address.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import numpy as np

from sincerely.apps.operation.actions import forget, keep_file
from sincerely.apps.operation.queries import is_stored, local_copy
from sincerely.apps.people.queries.files import read_rows
from sincerely.apps.people.queries.staged import (
    Staged,
    broken_line_of,
    flags_path,
    line_of,
    rows_path,
)
from sincerely.apps.people.rules.dialect import Dialect
from sincerely.apps.people.rules.record import DUPLICATE, MERGED, Plan
from sincerely.apps.people.rules.rows import Row

STEP = 5000


def stage(source: Path, dialect: Dialect) -> Iterator[int]:
    """Write the staged file, yielding the number of rows so far; it exists only when complete."""
    target = rows_path(source)
    partial = target.with_suffix(".partial")
    count = 0
    with partial.open("w", encoding="utf-8", errors="replace", newline="\n") as out:
        lines: list[str] = []
        for item in read_rows(source, dialect):
            lines.append(
                line_of(item.number, item.cells)
                if isinstance(item, Row)
                else broken_line_of(item.number, item.reason, item.text[:200])
            )
            count += 1
            if len(lines) == STEP:
                out.write("\n".join(lines) + "\n")
                lines = []
                yield count
        out.write("\n".join(lines) + "\n" if lines else "")
        out.flush()
        os.fsync(out.fileno())
    partial.replace(target)
    yield count


def stage_if_missing(source: Path, dialect: Dialect) -> Iterator[int]:
    """Write the staged file where this machine has none; the same upload gives the same bytes."""
    if not rows_path(source).exists():
        yield from stage(source, dialect)


def share_flags(source: Path, *, now: datetime) -> None:
    """Keep the flags in the database: another machine may do the taking."""
    flags = flags_path(source)
    forget(flags.name)
    keep_file(flags.name, flags, now=now)


def fetch_flags(source: Path) -> None:
    """Take the flags of the last check, whatever an earlier one left on this machine."""
    flags = flags_path(source)
    if is_stored(flags.name):
        flags.unlink(missing_ok=True)
        local_copy(flags.name, flags.parent)


def mark_duplicates(source: Path, plan: Plan, *, keep: str) -> Iterator[int]:
    """Write the flags of all rows ('first', 'last' or 'merge'), yielding the rows seen so far."""
    keys = bytearray()
    count = 0
    for rows in Staged(source).slices(STEP):
        keys += plan.keys_of(rows.rows)
        count += len(rows.rows)
        yield count
    flags = duplicate_flags(bytes(keys), keep=keep)
    partial = flags_path(source).with_suffix(".partial")
    partial.write_bytes(flags)
    partial.replace(flags_path(source))
    yield count


def duplicate_flags(keys: bytes, *, keep: str) -> bytes:
    """Return one flag per 16-byte key; rows without a key (all zero) are never duplicates."""
    parts = np.frombuffer(keys, dtype="<u8").reshape(-1, 2)
    flags = np.zeros(len(parts), dtype=np.uint8)
    real = np.flatnonzero(parts.any(axis=1))
    if not len(real):
        return flags.tobytes()
    part = parts[real]
    order = np.lexsort((real, part[:, 1], part[:, 0]))  # by key, then by place in the file
    ordered = part[order]
    same = (ordered[1:] == ordered[:-1]).all(axis=1)
    if keep == "last":
        flags[real[order[:-1][same]]] = DUPLICATE
    else:
        flags[real[order[1:][same]]] = MERGED if keep == "merge" else DUPLICATE
    return flags.tobytes()
