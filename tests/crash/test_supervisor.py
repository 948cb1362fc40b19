"""A killed supervisor leaves no process behind: neither children nor what these have started."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from pytest_django import DjangoDbBlocker

from tests.crash.house import House, house, own_database, until
from tests.crash.scale import SCALE, seeded, sized, write_down
from tests.engines.sending_world import Server, serving
from tests.installation import free_ports, installation

pytestmark = [pytest.mark.engines, pytest.mark.timeout(3_600)]
ON_POSTGRESQL = "SINCERELY_TEST_DATABASE_URL" in os.environ
PEOPLE, KILLS = sized(900, 3_000, 6_000), sized(1, 20, 50)
ALL = {"web", "tracker", "sender", "folder", "runner", "mailbox"}
SCENE = """
from datetime import UTC, datetime
from sincerely.project import installation
installation.prepare()
from tests.cast import make_cast
from tests.engines.sending_world import Server, planned
now = datetime.now(UTC)
planned(make_cast(now), Server(port=arguments[0]), arguments[1], now=now, connections=2)
"""


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


def at_work(machine: House) -> set[int]:
    """Every process that works in this machine's folder, whoever its parent is by now."""
    mark = f"SINCERELY_HOME={machine.home}\0".encode()
    found = set()
    for place in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (place / "environ").read_bytes():
                found.add(int(place.name))
        except OSError:  # it has ended, or is somebody else's
            continue
    return {pid for pid in found - {machine.number} if lives(pid)}


def has_annex(pids: set[int]) -> bool:
    """Say whether the sender's second process is among them."""
    words = [Path(f"/proc/{pid}/cmdline") for pid in pids]
    return any(b"annex" in word.read_bytes() for word in words if word.exists())


@pytest.fixture
def machine(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path: Path
) -> Iterator[House]:
    if ON_POSTGRESQL and SCALE == "small":
        pytest.skip("it is the same there")
    names = ("SINCERELY_WEB", "SINCERELY_TRACKER", "SINCERELY_MAILBOX")
    ports = {name: f"127.0.0.1:{port}" for name, port in zip(names, free_ports(3), strict=True)}
    with django_db_blocker.unblock(), ExitStack() as stack:
        shared = stack.enter_context(own_database())
        made = stack.enter_context(house(tmp_path / "one", **ports, **shared))
        yield made
        for stray in at_work(made):  # what a failed test left
            os.kill(stray, signal.SIGKILL)


def test_no_process_outlives_its_supervisor(machine: House) -> None:
    """Killed once with everything at work, a second process of the sender too; then at random."""
    chance = seeded(6)
    most = 0
    with serving(Server(delay_seconds=0.05)) as server:
        machine.run(SCENE, server.port, PEOPLE)
        for number in range(KILLS):
            supervisor = machine.begin("serve", "--quiet")
            if number:
                threading.Event().wait(chance.random() * 3)
            else:
                until(lambda: len(at_work(machine)) >= len(ALL) + 3, seconds=120)
                until(lambda: has_annex(at_work(machine)), seconds=120)
                seen = len(server.kept)
                until(lambda seen=seen: len(server.kept) > seen + 40)  # it has written, and waits
            most = max(most, len(at_work(machine)))
            machine.end(supervisor, signal.SIGKILL)
            until(lambda: not at_work(machine), seconds=20)
    write_down(8, "SIGKILL of the supervisor", done=most, kills=KILLS, lost=0, twice=0)


@pytest.mark.skipif("ON_POSTGRESQL", reason="it is the same there")
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
