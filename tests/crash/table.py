"""The table of crash runs: `python -m tests.crash.table REPORT… [--page PAGE]` prints it.

Reports of several runs make one table: of each test and database, what its last run wrote down,
the parts of a run added up. With a page, the table also replaces what stands there between the two
markers. `--expect` names rows and `--on` databases that this run is about: the status is 1 where
one of them failed or is missing; the others are shown as they are.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from tests.crash.rows import ROWS

Line = dict[str, Any]
BEGIN, END = "<!-- crash table: begin -->", "<!-- crash table: end -->"
COLUMNS = ("done", "kills", "lost", "twice", "unknown")
HEAD = ("row", "what was done", "database", "scale", *COLUMNS, "remarks")
FIRST = {"row", "what", "database", "scale", "test", "part", "parts"}
FIXED = {*FIRST, *COLUMNS}


def latest(reports: Iterable[str]) -> list[Line]:
    """Return what the last run of each test on each database wrote down, in the table's order."""
    kept: dict[tuple[str, str], list[Line]] = {}
    for line in (json.loads(x) for report in reports for x in report.splitlines() if x.strip()):
        test = line.get("test") or line["what"], line["database"]
        mine = [each for each in kept.get(test, []) if each.get("parts") == line.get("parts")]
        if any(_is_other_run(each, line) for each in mine):
            mine = [each for each in mine if each.get("part") != line.get("part")]
        kept[test] = [*mine, line]
    return sorted((line for lines in kept.values() for line in _added_up(lines)), key=_place)


def _is_other_run(one: Line, other: Line) -> bool:
    """Say whether two lines of a test are of two runs, or of two of the same part of a run."""
    is_told_twice = _key(one) == _key(other) or _is_no_result(one) or _is_no_result(other)
    return is_told_twice and one.get("part") == other.get("part")


def _added_up(lines: Sequence[Line]) -> Iterator[Line]:
    """Return each thing that was done once: the parts of a run as one, failures as they are."""
    done = [line for line in lines if not _is_no_result(line)]
    yield from (line for line in lines if _is_no_result(line))
    for key in dict.fromkeys(map(_key, done)):
        parts = [line for line in done if _key(line) == key]
        first = parts[0]
        if "part" in first:
            first |= {name: _sum(name, parts) for name in first if name not in FIRST}
            first["scale"] += f", {len(parts)} of {first['parts']} parts"
        yield first


def _sum(name: str, parts: Sequence[Line]) -> int:
    return (max if name.startswith("latest") else sum)(part[name] for part in parts)


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
    ours = (x for x in lines if x["row"] in given.expect and x["database"] in given.on)
    return int(any("failed" in line for line in ours))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
