"""The table of a crash run: `python -m tests.crash.table REPORT [PAGE]` prints it.

With a page, the table also replaces what stands there between the two markers.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

BEGIN, END = "<!-- crash table: begin -->", "<!-- crash table: end -->"
COLUMNS = ("done", "kills", "lost", "twice", "unknown")
ROWS = {
    1: "sender killed",
    2: "server breaks",
    3: "two of each",
    4: "any order",
    5: "leaving",
    6: "tracker, folder killed",
    7: "import, hard times",
    8: "backup, upgrade",
    9: "many machines",
    10: "power cut",
    11: "once, in any way",
}
HEAD = ("row", "what was done", "database", "scale", *COLUMNS, "remarks")
FIXED = {"row", "what", "database", "scale", *COLUMNS}


def rows_of(report: str) -> list[list[str]]:
    """Return the report's lines as cells, by row, deed and database."""
    found = [json.loads(line) for line in report.splitlines() if line.strip()]
    found.sort(key=lambda line: (line["row"], line["what"], line["database"]))
    return [
        [
            f"{line['row']} {ROWS[line['row']]}",
            *(str(line[name]) for name in ("what", "database", "scale")),
            *(_figure(line.get(name, "–")) for name in COLUMNS),
            "; ".join(f"{name}: {_figure(line[name])}" for name in line if name not in FIXED),
        ]
        for line in found
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


if __name__ == "__main__":
    made = table_of(rows_of(Path(sys.argv[1]).read_text()))
    print(made)
    if len(sys.argv) > 2:
        put_into(Path(sys.argv[2]), made)
