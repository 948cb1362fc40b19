"""How large a crash test is, and where it writes down what it did.

`CRASH_SCALE` is `small` in `make test`, `usual` in `make crash` (an hour or two on two busy
cores), `full` (the sizes of the reliability goals), or a number: so much of `usual`. `CRASH_REPORT`
names the file that gets one line per test; `python -m tests.crash.table` makes a table of it.
`CRASH_PART=2/5` is the second of five runs that share a size, each by chances of its own; the table
adds them up.
"""

from __future__ import annotations

import json
import os
import random
from collections.abc import Iterator
from pathlib import Path

from django.db import connection

SCALES = ("small", "usual", "full")
SCALE = os.environ.get("CRASH_SCALE", "small")
PART, PARTS = (int(word) for word in os.environ.get("CRASH_PART", "1/1").split("/"))


def sized(small: int, usual: int, full: int) -> int:
    """Return the size that belongs to the scale of this run, and to its part of it."""
    whole = dict(zip(SCALES, (small, usual, full), strict=True)).get(SCALE)
    return max(small, round(usual * float(SCALE) if whole is None else whole / PARTS))


def goals(kills: int, count: int, *, connections: int) -> Iterator[int]:
    """Return how many of so many mails have begun when each of the kills falls.

    What a kill cut off before its content began is unknown for good: it is not waited for.
    """
    sure = count - kills * connections
    return (number * sure // (kills + 2) for number in range(1, kills + 1))


def seeded(seed: int) -> random.Random:
    """Return a source of chances that is the same in each run of this part, and in no other."""
    return random.Random(seed + 1_000 * (PART - 1))


def write_down(row: int, what: str, **figures: int | str) -> None:
    """Add one line to the report: its row (see `rows.py`), what was done, its figures.

    Usual figures: `done` (mails, rows, rounds), `kills`, `lost`, `twice`, `unknown`.
    """
    place = os.environ.get("CRASH_REPORT", "")
    if not place:
        return
    test = os.environ.get("PYTEST_CURRENT_TEST", "").rpartition(" ")[0]
    where = {"database": connection.vendor, "scale": SCALE, "test": test}
    line: dict[str, int | str] = {"row": row, "what": what, **where}
    if PARTS > 1:
        line |= {"part": PART, "parts": PARTS}
    with Path(place).open("a") as report:
        report.write(json.dumps(line | figures) + "\n")
