"""A killed supervisor leaves no process behind, the pages' worker included."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from tests.crash.house import until
from tests.crash.scale import write_down
from tests.installation import installation

pytestmark = [
    pytest.mark.engines,
    pytest.mark.skipif("SINCERELY_TEST_DATABASE_URL" in os.environ, reason="the same there"),
]


def offspring(pid: int) -> set[int]:
    """Every process that descends from this one."""
    try:
        tasks = Path(f"/proc/{pid}/task")
        children = " ".join((task / "children").read_text() for task in tasks.iterdir())
    except OSError:
        return set()
    found = {int(word) for word in children.split()}
    return found.union(*(offspring(child) for child in found))


def lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_no_child_outlives_its_supervisor(tmp_path: Path) -> None:
    with installation(tmp_path, only=("web", "runner", "folder")) as running:
        supervisor = running.supervisor
        until(lambda: len(offspring(supervisor.pid)) >= 4)  # the pages have a worker
        family = offspring(supervisor.pid)
        supervisor.send_signal(signal.SIGKILL)
        supervisor.wait(30)
        until(lambda: not [pid for pid in family if lives(pid)], seconds=20)
    write_down(8, "SIGKILL of the supervisor", done=len(family), kills=1, lost=0, twice=0)


def test_a_fallen_child_is_started_again_and_all_end_in_order(tmp_path: Path) -> None:
    with installation(tmp_path, only=("runner",)) as running:
        supervisor = running.supervisor
        until(lambda: offspring(supervisor.pid) != set())
        (first,) = offspring(supervisor.pid)
        os.kill(first, signal.SIGKILL)
        until(lambda: offspring(supervisor.pid) - {first} != set(), seconds=30)
        family = offspring(supervisor.pid)
    assert supervisor.returncode == 0
    assert not [pid for pid in family if lives(pid)]
