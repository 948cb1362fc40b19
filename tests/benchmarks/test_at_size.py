"""R136: thousands of contacts and more: the benchmarks print times, the page states them."""

from __future__ import annotations

import os

import pytest
from bench import __main__ as collector


@pytest.mark.requirement("R136")
@pytest.mark.timeout(300)
@pytest.mark.skipif("SINCERELY_TEST_DATABASE_URL" in os.environ, reason="has its own database")
@pytest.mark.parametrize(("name", "count"), [("plan", "1500"), ("render", "200")])
def test_a_benchmark_prints_what_it_took(name: str, count: str) -> None:
    run = collector.Run(name, name, (count,))
    results, status = collector.measured(run, "SQLite", is_full=False)
    assert status == 0
    assert results
    assert all(result["measured"] > 0 and result["unit"] for result in results)


@pytest.mark.requirement("R136")
def test_the_page_states_what_a_hundred_thousand_contacts_take() -> None:
    """Import, segments (each within its bound), personalising and planning, and the machine."""
    table = collector.PAGE.read_text().partition(collector.BEGIN)[2].partition(collector.END)[0]
    rows = [
        [cell.strip() for cell in line.strip("| ").split("|")]
        for line in table.splitlines()
        if line.startswith("|")
    ]
    measured = {row[0].split(":")[0]: row for row in rows if row[2] != "not reported"}
    assert {"import", "personalise", "plan", "segments"} <= measured.keys()
    counts = [row for row in rows if row[0].startswith("segments") and row[1] == "SQLite"]
    assert counts
    assert all(row[6].startswith("yes") for row in counts)
    assert " cores, " in table
