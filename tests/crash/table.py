"""The table of crash runs: `python -m tests.crash.table REPORT… [--page PAGE]` prints it.

Reports of several runs make one table: of each test and database, what its last run wrote down.
With a page, the table also replaces what stands there between the two markers. `--expect` names
rows and `--on` databases that must be there; the status is 1 where one failed or is missing.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from tests.crash.rows import ROWS

Line = dict[str, Any]
BEGIN, END = "<!-- crash table: begin -->", "<!-- crash table: end -->"
COLUMNS = ("done", "kills", "lost", "twice", "unknown")
HEAD = ("row", "what was done", "database", "scale", *COLUMNS, "remarks")
FIXED = {"row", "what", "database", "scale", "test", *COLUMNS}


def latest(reports: Iterable[str]) -> list[Line]:
    """Return what the last run of each test on each database wrote down, in the table's order."""
    kept: dict[tuple[str, str], list[Line]] = {}
    for line in (json.loads(x) for report in reports for x in report.splitlines() if x.strip()):
        mine = kept.setdefault((line.get("test") or line["what"], line["database"]), [])
        is_other_run = any(_key(each) == _key(line) for each in mine)
        if is_other_run or _is_no_result(line) or any(map(_is_no_result, mine)):
            mine.clear()
        mine.append(line)
    found = [line for lines in kept.values() for line in lines]
    return sorted(found, key=_place)


def _place(line: Line) -> tuple[int, str, str]:
    return line["row"], line["what"], line["database"]


def _key(line: Line) -> str:
    """Return what stays the same from run to run: digits are sizes."""
    return "".join(letter for letter in line["what"] if not letter.isdigit())


def _is_no_result(line: Line) -> bool:
    return "failed" in line or "skipped" in line


def with_gaps(lines: Sequence[Line], rows: Sequence[int], databases: Sequence[str]) -> list[Line]:
    """Add a line for each row that has none on a database where one is expected."""
    there = {(line["row"], line["database"]) for line in lines}
    gaps = [
        {"row": row, "what": "nothing", "database": name, "scale": "–", "failed": "did not run"}
        for row in rows
        for name in databases
        if (row, name) not in there
    ]
    return sorted([*lines, *gaps], key=_place)


def cells_of(line: Line) -> list[str]:
    """Return a line of the table as cells."""
    remarks = [f"{name}: {_figure(line[name])}" for name in line if name not in FIXED]
    if "failed" in line:
        remarks = [f"**FAILED**: {line['failed']}"]
    return [
        f"{line['row']} {ROWS[line['row']].title}",
        *(str(line[name]) for name in ("what", "database", "scale")),
        *(_figure(line.get(name, "–")) for name in COLUMNS),
        "; ".join(remarks),
    ]


def _figure(value: int | str) -> str:
    return f"{value:,}" if isinstance(value, int) else value


def table_of(rows: list[list[str]]) -> str:
    """Return a Markdown table that is readable as it stands."""
    lines = [list(HEAD), *rows]
    widths = [max(len(line[n]) for line in lines) for n in range(len(HEAD))]
    shown = ["| " + " | ".join(c.ljust(w) for c, w in zip(x, widths, strict=True)) for x in lines]
    shown.insert(1, "|" + "|".join("-" * (w + 2) for w in widths))
    return "\n".join(f"{line.rstrip()} |" if n != 1 else f"{line}|" for n, line in enumerate(shown))


def put_into(page: Path, table: str) -> None:
    """Replace the table between the markers of a page."""
    text = page.read_text()
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    page.write_text(f"{before}{BEGIN}\n\n{table}\n\n{END}{after}")


def main(words: Sequence[str]) -> int:
    """Print the table; the status tells whether all of it is well."""
    parser = argparse.ArgumentParser(prog="python -m tests.crash.table")
    parser.add_argument("reports", nargs="+", type=Path)
    parser.add_argument("--page", type=Path)
    parser.add_argument("--expect", nargs="*", type=int, default=[])
    parser.add_argument("--on", nargs="*", default=["sqlite", "postgresql"])
    given = parser.parse_args(words)
    found = latest(report.read_text() for report in given.reports)
    lines = with_gaps(found, given.expect, given.on)
    table = table_of([cells_of(line) for line in lines])
    print(table)
    if given.page:
        put_into(given.page, table)
    return int(any("failed" in line for line in lines))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
