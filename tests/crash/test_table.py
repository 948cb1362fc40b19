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


def test_the_parts_of_a_run_are_added_up() -> None:
    def part(number: int, **more: int | str) -> str:
        given: dict[str, int | str] = {"scale": "full", "part": number, "parts": 3}
        return _line("kill", **given | more)

    def lines(*reports: str) -> list[dict[str, object]]:
        return latest(["\n".join(reports)])

    two = [_line("kill", done=1), part(1, done=3, latest_ms=7), part(3, done=5, latest_ms=6)]
    (line,) = lines(*two)
    assert (line["done"], line["latest_ms"], line["scale"]) == (8, 7, "full, 2 of 3 parts")
    assert cells_of(line)[-1] == "latest_ms: 7"
    (line,) = lines(*two, part(2, done=4, latest_ms=1), part(3, done=9, latest_ms=2))
    assert (line["done"], line["latest_ms"], line["scale"]) == (16, 7, "full, 3 of 3 parts")
    broken = [*two, part(2, failed="call")]
    assert [line.get("done") for line in lines(*broken)] == [None, 8], "the next part hides it not"
    assert [line.get("done") for line in lines(*broken, part(1, done=3, latest_ms=7))] == [None, 8]
    assert [line["done"] for line in lines(*broken, part(2, done=2, latest_ms=3))] == [10]
    assert [line["done"] for line in lines(*two, _line("kill", done=2))] == [2]


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
    assert main([str(report), "--expect", "--on", "sqlite"]) == 0, "of another run"
    report.write_text(report.read_text() + _line("kill", database="postgresql", test="t.py::b"))
    assert main([str(report), "--expect", "6", "--on", "postgresql"]) == 0, "of another database"
    assert len(rows.ROWS) == 11
