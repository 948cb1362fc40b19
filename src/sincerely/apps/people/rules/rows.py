"""Splits lines of text into rows; one that does not parse never harms its neighbours.

`csv.reader` alone lets one stray quote swallow all that follows. Here a record that fails, or
that ran over several lines and came out with the wrong number of cells, costs its *first* line
only: that line is reported and reading goes on at the second.
"""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

CELL_CHARS = 131_072
LINE_CHARS = 1_048_576
RECORD_LINES = 200


@dataclass(frozen=True, slots=True)
class Row:
    """A row that parsed; `number` counts records from 1, the header included."""

    number: int
    cells: list[str]


@dataclass(frozen=True, slots=True)
class Broken:
    """A line that could not be read as a row, with the code of the reason."""

    number: int
    reason: str
    text: str


class _Feed:
    """Lines for `csv.reader`, remembered until their record is accepted."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines
        self._again: deque[str] = deque()
        self.taken: list[str] = []

    def __iter__(self) -> _Feed:
        return self

    def __next__(self) -> str:
        if len(self.taken) >= RECORD_LINES:
            raise csv.Error("a record of too many lines")
        line = self._again.popleft() if self._again else next(self._lines)
        self.taken.append(line)
        return line

    def give_back(self) -> str:
        """Return the record's first line; the others will be read again."""
        first, rest = self.taken[0], self.taken[1:]
        self._again.extendleft(reversed(rest))
        self.taken = []
        return first


def split_rows(
    lines: Iterator[str], *, delimiter: str, escape: str = "", width: int | None = None
) -> Iterator[Row | Broken]:
    """Yield each record as a row or as broken; blank lines are left out and not counted.

    With `width`, a record of another width is broken ('too_few_cells', 'too_many_cells'); empty
    cells at its end are no excuse, for one separator too many further left looks just the same.
    """
    feed = _Feed(lines)
    number = 0
    while True:
        reader = csv.reader(
            feed,
            delimiter=delimiter,
            strict=True,
            doublequote=not escape,
            escapechar=escape or None,
            skipinitialspace=delimiter == ",",
        )
        try:
            for cells in reader:
                if not cells:
                    feed.taken = []
                    continue
                wrong = "" if width in (None, len(cells)) else _fit(cells, width or 0)
                if wrong and len(feed.taken) > 1:
                    break
                number += 1
                if wrong:
                    yield Broken(number, wrong, feed.taken[0])
                else:
                    yield Row(number, cells)
                feed.taken = []
            else:
                return
        except csv.Error:
            pass
        if not feed.taken:
            return
        number += 1
        yield Broken(number, "stray_quote", feed.give_back())


def _fit(cells: list[str], width: int) -> str:
    return "too_few_cells" if len(cells) < width else "too_many_cells"


def is_torn(cells: list[str]) -> bool:
    """Say whether a lost separator let a quoted cell begin inside another one.

    Such a row may have the right number of cells, all of them shifted: one cell then has a lone
    quote in its midst, and a later one ends with its partner.
    """
    opened = False
    for cell in cells:
        if cell.count('"') % 2:
            if opened and cell.endswith('"'):
                return True
            opened = opened or not cell.endswith('"')
    return False
