"""How large a crash test is, and where it writes down what it did.

`CRASH_SCALE` is `small` in `make test`, `usual` in `make crash` (an hour or two on two busy
cores), `full` (the sizes of the reliability goals), or a number: so much of `usual`. `CRASH_REPORT`
names the file that gets one line per test; `python -m tests.crash.table` makes a table of it.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from django.db import connection

SCALES = ("small", "usual", "full")
SCALE = os.environ.get("CRASH_SCALE", "small")


def sized(small: int, usual: int, full: int) -> int:
    """Return the size that belongs to the scale of this run."""
    if SCALE in SCALES:
        return (small, usual, full)[SCALES.index(SCALE)]
    return max(small, round(usual * float(SCALE)))


def write_down(row: int, what: str, **figures: int | str) -> None:
    """Add one line to the report: its row (see `rows.py`), what was done, its figures.

    Usual figures: `done` (mails, rows, rounds), `kills`, `lost`, `twice`, `unknown`.
    """
    place = os.environ.get("CRASH_REPORT", "")
    if not place:
        return
    test = os.environ.get("PYTEST_CURRENT_TEST", "").rpartition(" ")[0]
    line = {"row": row, "what": what, "database": connection.vendor, "scale": SCALE, "test": test}
    with Path(place).open("a") as report:
        report.write(json.dumps(line | figures) + "\n")
