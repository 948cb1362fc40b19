"""The table of `make bench`: what was reached, what fell short, what nobody reported."""

from __future__ import annotations

import json
from pathlib import Path

from bench import __main__ as table


def result(**changed: object) -> dict[str, object]:
    facts = {"path": "send", "database": "SQLite", "measured": 4505, "unit": "msg/s"}
    return {**facts, "reference": 5560, "ratio": 0.81, "mark": 0.65, "memory_mb": 210, **changed}


def test_a_row_says_whether_the_mark_is_reached() -> None:
    cells = table.cells_of(result())
    assert cells[2:] == ["4,505 msg/s", "5,560", "0.81", "0.65", "yes", "memory mb 210"]
    assert table.cells_of(result(ratio=0.5))[6] == "no"
    assert table.cells_of(result(p99_ms=88.0, p99_mark_ms=25))[6] == "no: p99"
    assert table.cells_of(result(reference_name="smtp-source"))[3] == "5,560 (smtp-source)"
    assert table.cells_of(result(mark="≤ 300 ms", reached="yes"))[5:7] == ["≤ 300 ms", "yes"]
    assert table.cells_of({"path": "pages", "database": "postgresql"})[1:3] == [
        "PostgreSQL",
        "not reported",
    ]


def test_pieces_make_one_table_with_the_newest_of_each(tmp_path: Path) -> None:
    lines = [
        result(path="segments: clicks", ratio=1.0),
        result(ratio=0.1),
        result(database="postgresql"),
        result(ratio=0.7),
        {"path": "send", "database": "SQLite"},
    ]
    path = tmp_path / "results"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    found = table._kept(path)
    assert [(one["path"], one["database"], one.get("ratio")) for one in found] == [
        ("send", "SQLite", 0.7),
        ("send", "postgresql", 0.81),
        ("segments: clicks", "SQLite", 1.0),
    ]


def test_the_page_keeps_its_place_for_the_table() -> None:
    text = table.PAGE.read_text()
    assert text.index(table.BEGIN) < text.index(table.END)
