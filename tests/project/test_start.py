"""What the start costs, and what becomes of the processes: fork, restart, and the common end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.installation import installation

# Libraries that few pages need: together they took longer to import than all the rest.
RARE = ("ninja", "scipy", "openpyxl", "liquid", "dns.resolver", "requests")
LOOK = """
import sys, django
django.setup()
from django.urls import get_resolver
get_resolver().reverse_dict
print(*[name for name in sys.argv[1:] if name in sys.modules])
"""


def test_pages_come_up_without_the_rare_libraries(tmp_path: Path) -> None:
    """A first page within seconds: what only some requests need is imported by them."""
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "sincerely.project.settings",
        "SINCERELY_HOME": str(tmp_path),
    }
    environment.pop("DATABASE_URL", None)
    done = subprocess.run(
        [sys.executable, "-c", LOOK, *RARE],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == []


def test_child_is_started_again_and_none_outlives_the_supervisor(tmp_path: Path) -> None:
    with installation(tmp_path, only=("web", "mailbox")) as running:
        parent = running.supervisor.pid
        first = until(lambda: children(parent), lambda found: len(found) == 2)
        os.kill(first[1], signal.SIGKILL)
        second = until(lambda: children(parent), lambda found: len(found) == 2 and found != first)
        assert first[0] in second
        grandchildren = children(second[0])
        running.supervisor.kill()
        running.supervisor.wait(timeout=10)
        alive = until(
            lambda: [pid for pid in (*second, *grandchildren) if lives(pid)],
            lambda found: found == [],
        )
        assert alive == []


def children(pid: int) -> list[int]:
    """The ids of the processes that this one started."""
    try:
        return sorted(int(x) for x in Path(f"/proc/{pid}/task/{pid}/children").read_text().split())
    except FileNotFoundError:
        return []


def lives(pid: int) -> bool:
    """Whether the process runs; a dead one that nobody waited for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def until(look: Callable[[], list[int]], is_so: Callable[[list[int]], bool]) -> list[int]:
    """Look until it is so; fails after half a minute."""
    deadline = time.monotonic() + 30
    while not is_so(found := look()):
        if time.monotonic() > deadline:
            pytest.fail(f"still {found}")
        time.sleep(0.05)
    return found
