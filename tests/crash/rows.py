"""The rows of the crash table and their tests: `python -m tests.crash.rows 6 7` prints these.

A row is a goal of docs/explanation/reliability.md.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import NamedTuple

STATES = "tests/apps/campaigns/test_states_machine.py"
SINK = "tests/crash/test_smtp_sink.py"


class Row(NamedTuple):
    """A goal: what it is called, and the tests that show it."""

    title: str
    tests: tuple[str, ...]


def _here(*names: str) -> tuple[str, ...]:
    return tuple(f"tests/crash/test_{name}.py" for name in names)


ROWS = {
    1: Row(
        "sender killed",
        (*_here("sender_kill", "provider_kill"), f"{SINK}::test_killed_and_started_again"),
    ),
    2: Row(
        "server breaks",
        (*_here("broken_servers", "sender_edges"), f"{SINK}::test_each_switch_has_its_end"),
    ),
    3: Row("two of each", _here("two_of_each")),
    4: Row("any order", (STATES,)),
    5: Row("leaving", _here("withdrawals")),
    6: Row("tracker, folder killed", _here("signals_kill")),
    7: Row("import, hard times", _here("import_points", "hard_times")),
    8: Row("backup, upgrade, supervisor", _here("backup", "upgrade", "supervisor")),
    9: Row("many machines", _here("many_machines")),
    10: Row("power cut", _here("power_cut")),
    11: Row("once, in any way", _here("scanners", "shared_address", "api_repeats", "restraint")),
}


def row_of(test: str) -> int:
    """Return the row to which a test belongs, 0 for none."""
    found = (n for n, row in ROWS.items() if any(_covers(each, test) for each in row.tests))
    return next(found, 0)


def _covers(each: str, test: str) -> bool:
    return test == each or test.startswith((f"{each}::", f"{each}["))


def tests_of(numbers: Sequence[int]) -> list[str]:
    """Return the tests of these rows; of all without any."""
    return [test for number in numbers or ROWS for test in ROWS[number].tests]


if __name__ == "__main__":
    print(*tests_of([int(word) for word in sys.argv[1:]]))
