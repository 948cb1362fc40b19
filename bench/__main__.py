"""`make bench`: every path on both databases, each against a reference in the same run.

    python -m bench [NAME …] [--database sqlite|postgresql] [--full] [--results FILE] [--no-page]
    python -m bench --table FILE

Each benchmark is a process of its own with a fresh installation in a temporary folder and prints
lines `RESULT {json}`. They become a table, which is printed and written between two markers of
docs/reference/performance.md. `--full` takes the sizes of the goals (an hour or more on two cores);
`--results` adds the lines to a file, so that runs in pieces make one table with `--table`.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.cluster import durable_cluster

HERE = Path(__file__).resolve().parent
PAGE = HERE.parent / "docs" / "reference" / "performance.md"
BEGIN, END = "<!-- bench table: begin -->", "<!-- bench table: end -->"
DATABASES = ("SQLite", "PostgreSQL")
HEAD = ("path", "database", "measured", "reference", "ratio", "to reach", "reached", "more")
SHOWN = {
    "path",
    "database",
    "measured",
    "unit",
    "reference",
    "ratio",
    "mark",
    "kept_at",
    "reached",
    "reference_name",
}
Result = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Run:
    """A benchmark with its arguments, for a usual run and for one at the goals' sizes."""

    name: str
    title: str
    usual: tuple[str, ...] = ()
    full: tuple[str, ...] = ()
    on_both: bool = True


MANY = ("1000", "--planned", "100000")
MINUTE, TEN_MINUTES = ("--sustain", "60", "5000"), ("--sustain", "600", "5000")
RUNS = (
    Run("render", "personalise", on_both=False),
    Run("send", "send", full=("100000",)),
    Run("send", "send with DKIM", ("5000", "--dkim"), ("20000", "--dkim")),
    Run("send", "send, of many planned", MANY, ("1000", "--planned", "1000000")),
    Run("plan", "plan", full=("1000000",)),
    Run("tracker", "tracker"),
    Run("fold", "fold"),
    Run("fold", "fold, sustained", ("30000", *MINUTE), ("30000", *TEN_MINUTES)),
    Run("imports", "import", full=("1000000",)),
    Run("segments", "segments", ("100000", "5"), ("1000000", "26")),
    Run("pages", "pages", ("100000", "5"), ("1000000", "26")),
)


def main() -> int:
    """Run what was asked for; the exit status is that of the worst benchmark."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", help="which benchmarks; all without any")
    parser.add_argument("--database", choices=[name.lower() for name in DATABASES])
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--results", type=Path, help="add the results to this file")
    parser.add_argument("--table", type=Path, help="only make the table of such a file")
    parser.add_argument("--no-page", action="store_true")
    asked = parser.parse_args()
    if asked.table:
        _tell(_kept(asked.table), is_page=not asked.no_page)
        return 0
    found: list[Result] = []
    worst = 0
    for run in RUNS:
        for database in DATABASES if run.on_both else DATABASES[:1]:
            if (asked.names and run.name not in asked.names) or (
                asked.database and asked.database != database.lower()
            ):
                continue
            results, status = measured(run, database, is_full=asked.full)
            found += results or [{"path": run.title, "database": database}]
            worst = max(worst, status)
    if asked.results:
        with asked.results.open("a") as out:
            out.writelines(json.dumps(result) + "\n" for result in found)
    _tell(found, is_page=not asked.no_page and not asked.names and not asked.database)
    return worst


def measured(run: Run, database: str, *, is_full: bool) -> tuple[list[Result], int]:
    """Run one benchmark on one database; return its results and exit status."""
    path = HERE / f"{run.name}.py"
    if not path.exists():
        return [], 0
    words = run.full if is_full and run.full else run.usual
    print(f"== {run.title}, {database}", flush=True)
    if database == "SQLite":
        return _output(run.name, words, {})
    if "--postgres" in path.read_text():
        return _output(run.name, (*words, "--postgres"), {})
    if "DATABASE_URL" not in path.read_text():
        return [], 0
    with durable_cluster() as url:
        return _output(run.name, words, {"DATABASE_URL": url})


def _output(name: str, words: tuple[str, ...], more: dict[str, str]) -> tuple[list[Result], int]:
    environment = {k: v for k, v in os.environ.items() if k != "DATABASE_URL"} | more
    running = subprocess.Popen(
        [sys.executable, "-m", f"bench.{name}", *words],
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    results = []
    assert running.stdout is not None
    for line in running.stdout:
        print(line, end="", flush=True)
        if line.startswith("RESULT "):
            result = json.loads(line.removeprefix("RESULT "))
            results.append(result | {"kept_at": datetime.now(UTC).isoformat(timespec="minutes")})
    return results, abs(running.wait())


def _kept(path: Path) -> list[Result]:
    """Return the results of a file, the newest of each path and database."""
    newest: dict[tuple[str, str], Result] = {}
    for line in path.read_text().splitlines():
        result = json.loads(line)
        key = (result["path"], _database(result))
        if "measured" in result or key not in newest:
            newest[key] = result
    order = {run.title: place for place, run in enumerate(RUNS)}
    return sorted(newest.values(), key=lambda found: order.get(_family(found), len(RUNS)))


def _family(result: Result) -> str:
    """Return the run that a result belongs to: 'segments: label clicks' to 'segments'."""
    for title in sorted((run.title for run in RUNS), key=len, reverse=True):
        if str(result["path"]).startswith(title):
            return title
    return str(result["path"])


def _tell(found: list[Result], *, is_page: bool) -> None:
    table = "\n".join(lines_of(found))
    print(f"\n{table}\n{surroundings()}")
    if is_page:
        text = PAGE.read_text()
        before, _, rest = text.partition(BEGIN)
        _, _, after = rest.partition(END)
        PAGE.write_text(f"{before}{BEGIN}\n\n{table}\n\n{surroundings()}\n\n{END}{after}")
        print(f"Written to {PAGE.relative_to(HERE.parent)}.")


def lines_of(found: list[Result]) -> Iterator[str]:
    """Yield the lines of a Markdown table."""
    yield "| " + " | ".join(HEAD) + " |"
    yield "|" + "---|" * len(HEAD)
    for result in found:
        yield "| " + " | ".join(cells_of(result)) + " |"


def cells_of(result: Result) -> list[str]:
    """Return one row's cells; what a benchmark did not report is said to be missing."""
    if result.get("measured") is None:
        return [str(result["path"]), _database(result), "not reported", *["–"] * 5]
    more = [f"{name.replace('_', ' ')} {_figure(result[name])}" for name in result.keys() - SHOWN]
    named = result.get("reference_name")
    return [
        str(result["path"]),
        _database(result),
        f"{_figure(result['measured'])} {result.get('unit', '')}".strip(),
        _figure(result.get("reference")) + (f" ({named})" if named else ""),
        _figure(result.get("ratio")),
        _figure(result.get("mark")),
        _reached(result),
        ", ".join(sorted(more)) or "–",
    ]


def _reached(result: Result) -> str:
    """Say whether the ratio reaches its mark, and the slowest hundredth its own."""
    mark, ratio = result.get("mark"), result.get("ratio")
    if "reached" in result or not (
        isinstance(mark, int | float) and isinstance(ratio, int | float)
    ):
        return str(result.get("reached", "–"))
    if ratio < mark:
        return "no"
    return "no: p99" if result.get("p99_ms", 0) > result.get("p99_mark_ms", 1e9) else "yes"


def _database(result: Result) -> str:
    name = str(result.get("database", "–"))
    return {"sqlite": "SQLite", "postgresql": "PostgreSQL"}.get(name, name)


def _figure(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"{value:,}"
    return str(value).replace("|", "/")


def surroundings() -> str:
    """Return what the figures were taken on."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"Taken {datetime.now(UTC):%Y-%m-%d} on {os.cpu_count()} cores, {memory:.0f} GiB,"
        f" Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}; load average at the"
        f" end {os.getloadavg()[0]:.1f}."
    )


if __name__ == "__main__":
    sys.exit(main())
