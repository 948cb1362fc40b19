"""The crash table: every crash test has its row, the last run counts, what failed says so."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.crash import rows
from tests.crash.table import BEGIN, END, cells_of, latest, main

HERE = Path(__file__).parent
PAGE = HERE.parents[1] / "docs" / "explanation" / "reliability.md"


def _line(what: str, **more: int | str) -> str:
    given = {"row": 6, "what": what, "database": "sqlite", "scale": "small", "test": "t.py::a"}
    return json.dumps(given | more)


def test_every_crash_test_belongs_to_a_row_and_stands_on_the_page() -> None:
    there = {path.name for path in HERE.glob("test_*.py")} - {Path(__file__).name}
    listed = {Path(test.partition("::")[0]).name for test in rows.tests_of([])}
    assert there <= listed
    shown = PAGE.read_text().partition(BEGIN)[0]
    assert [name for name in listed if name not in shown] == []
    assert rows.row_of("tests/crash/test_smtp_sink.py::test_each_switch_has_its_end") == 2
    assert rows.row_of("tests/crash/test_backup.py::test_any[one]") == 8
    assert rows.row_of("tests/web/test_pages.py::test_any") == 0


def test_the_last_run_of_a_test_counts() -> None:
    small, large = _line("kill", done=3), _line("kill", done=9, scale="full")
    broken, locked = _line("a", failed="call"), [_line(f"locked {n} s", done=n) for n in (3, 60)]
    assert [line["done"] for line in latest([small, large])] == [9]
    assert [line["done"] for line in latest(locked)] == [60]
    assert [line.get("failed") for line in latest([small, broken])] == ["call"]
    assert [line["done"] for line in latest([broken, small])] == [3]
    assert len(latest([f"{small}\n{_line('other', done=1)}", _line("kill", test="t.py::b")])) == 3
    assert cells_of(json.loads(broken))[-1] == "**FAILED**: call"


def test_a_failure_and_a_gap_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report, page = tmp_path / "report", tmp_path / "page.md"
    page.write_text(f"before\n{BEGIN}\nwhat was here\n{END}\nafter\n")
    report.write_text(_line("kill", done=3) + "\n")
    on = ["--expect", "6", "--on", "sqlite"]
    assert main([str(report), *on, "--page", str(page)]) == 0
    assert "what was here" not in page.read_text()
    assert "| 6 tracker, folder killed | kill " in page.read_text()
    assert main([str(report), *on, "postgresql"]) == 1
    assert "did not run" in capsys.readouterr().out
    with report.open("a") as opened:
        opened.write(_line("a", failed="call") + "\n")
    assert main([str(report), *on]) == 1
    assert len(rows.ROWS) == 11
