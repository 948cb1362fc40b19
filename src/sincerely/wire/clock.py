"""Business time: the system clock plus an offset that demo and tests may turn for all.

Leases, throttles and time-outs use real time (`time.monotonic`). In production the offset is
always zero and nothing is watched. Where turning is allowed (`SINCERELY_CLOCK_TURNABLE`), the
offset stands in the file `clock` of the installation's folder; each process watches it and
acknowledges what it saw in a file of its own, which it keeps locked while it lives, so that
`turn` returns only when every living process is on the new time.
"""

from __future__ import annotations

import fcntl
import json
import os
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

_offset = timedelta(0)
WATCH_SECONDS = 0.02


def now() -> datetime:
    """Return the business time, aware, in UTC."""
    return datetime.now(UTC) + _offset


def watch(home: Path) -> None:
    """Follow the shared offset from now on, in a daemon thread; acknowledge each change."""
    folder = home / "clock.d"
    folder.mkdir(exist_ok=True)
    mine = os.open(folder / f"{os.getpid()}-{time.monotonic_ns()}", os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(mine, fcntl.LOCK_EX)
    generation = _adopt(home, mine, -1)

    def follow() -> None:
        seen = generation
        while True:
            time.sleep(WATCH_SECONDS)
            seen = _adopt(home, mine, seen)

    threading.Thread(target=follow, daemon=True, name="clock").start()


def turn(home: Path, by: timedelta, *, timeout_seconds: float = 30) -> datetime:
    """Move the business clock of every process forward and return the new time.

    Raises TimeoutError if a living process has not acknowledged in time.
    """
    state = _read(home)
    generation = int(state["generation"]) + 1
    seconds = float(state["seconds"]) + by.total_seconds()
    fresh = home / f"clock.{os.getpid()}.new"
    fresh.write_text(json.dumps({"seconds": seconds, "generation": generation}))
    fresh.replace(home / "clock")
    set_offset(timedelta(seconds=seconds))
    deadline = time.monotonic() + timeout_seconds
    while not _all_acknowledged(home, generation):
        if time.monotonic() > deadline:
            raise TimeoutError("A process has not followed the clock.")
        time.sleep(WATCH_SECONDS / 2)
    return now()


def set_offset(offset: timedelta) -> None:
    """Set this process' offset only (tests in one process)."""
    global _offset  # noqa: PLW0603 -- one clock per process is the point
    _offset = offset


def _read(home: Path) -> dict[str, float]:
    try:
        state: dict[str, float] = json.loads((home / "clock").read_text())
    except FileNotFoundError:
        return {"seconds": 0.0, "generation": 0}
    return state


def _adopt(home: Path, mine: int, seen: int) -> int:
    state = _read(home)
    generation = int(state["generation"])
    if generation != seen:
        set_offset(timedelta(seconds=float(state["seconds"])))
        os.pwrite(mine, f"{generation:020d}".encode(), 0)
    return generation


def _all_acknowledged(home: Path, generation: int) -> bool:
    folder = home / "clock.d"
    if not folder.exists():
        return True
    return all(_acknowledged_or_dead(path, generation) for path in folder.iterdir())


def _acknowledged_or_dead(path: Path, generation: int) -> bool:
    try:
        handle = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return True
    try:
        if int(os.pread(handle, 20, 0) or b"-1") >= generation:
            return True
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    else:
        path.unlink(missing_ok=True)
        return True
    finally:
        os.close(handle)
