"""The tracker: durable answers per second under wrk, against the same app without storage.

    python -m bench.tracker [SECONDS] [ROUNDS] [--postgres]

Signed opens (70 %) and clicks (30 %) over 64 connections, each durable before its answer; rounds
with and without storage take turns, and the medians count. `--postgres` stores in a throw-away
cluster with durable commits. Needs `wrk` (Debian's package of that name).
"""

# ruff: noqa: PLC0415 -- only the serving process needs its loop, and Django
from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

from bench.cluster import durable_cluster
from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels
from granian.server.embed import Server

from sincerely.apps.engagement.rules.tokens import mint
from sincerely.wire import clock
from sincerely.wire.capture import GroupWriter, open_store
from sincerely.wire.memory import look_seldom

KEY = bytes(32)
FIRST_PORT = 18_500
MARKS = {"sqlite": 0.45, "postgresql": 0.35}
LONGEST_P99_MS = 25
TICK = os.sysconf("SC_CLK_TCK")
SCRIPT = """
local paths = {}
for line in io.lines("PATHS") do paths[#paths + 1] = line end
local n = 0
request = function() n = n % #paths + 1; return wrk.format("GET", paths[n]) end
"""


class Run(NamedTuple):
    """One run of wrk: requests a second, the 99th percentile, and the server's CPU for each."""

    rate: float
    p99_ms: float
    cpu_us: float


class Forgetful:
    """A writer that stores nothing and answers at once: the reference."""

    is_failing = is_behind = False

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._done = loop.create_future()
        self._done.set_result(None)

    def put(self, _capture: object) -> asyncio.Future[None]:
        return self._done


class Stored:
    """Twenty links for whichever mailing."""

    def of(self, _mailing: int) -> dict[int, str]:
        return {n: f"https://shop.example/{n}" for n in range(20)}

    def newest(self) -> dict[int, dict[int, str]]:
        return {}

    def give_up(self) -> None: ...

    def close(self) -> None: ...


class Shelf:
    """The links of any mailing, without a database."""

    def of(self, _mailing_id: int) -> dict[int, str]:
        return {number: f"https://shop.example/{number}" for number in range(20)}

    def newest(self) -> dict[int, dict[int, str]]:
        return {}

    def give_up(self) -> None:
        pass

    def close(self) -> None:
        pass


def serve(port: int, path: str) -> None:
    """Serve with storage in the file or database at `path`, or without any if it is ''."""
    import django
    import uvloop

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sincerely.project.settings")
    django.setup()
    from sincerely.engines.tracker.app import Tracker
    from sincerely.engines.tracker.targets import Targets

    async def main() -> None:
        loop = asyncio.get_running_loop()
        url = path if path.startswith("postgres") else ""
        opened = lambda: open_store(Path(path), url)  # noqa: E731
        writer = GroupWriter(opened, loop) if path else Forgetful(loop)
        tracker = Tracker(
            keys=KEY,
            targets=Targets(Stored()),
            page_url="http://localhost",
            now=clock.now,
            writer=writer,  # type: ignore[arg-type]
        )
        server = Server(
            tracker,
            port=port,
            interface=Interfaces.RSGI,
            http=HTTPModes.http1,
            websockets=False,
            backlog=1_024,
            log_level=LogLevels.error,
        )
        look_seldom()
        await server.serve()

    uvloop.run(main())


def measure(seconds: int, *, port: int, path: str, script: str) -> Run:
    """Return what wrk tells of one run, and the CPU that the server spent."""
    process = multiprocessing.get_context("spawn").Process(target=serve, args=(port, path))
    process.start()
    try:
        _wait(port)
        before = _cpu(process.pid)
        command = ["wrk", "-t1", "-c64", f"-d{seconds}s", "--latency", "-s", script]
        said = subprocess.run(
            [*command, f"http://127.0.0.1:{port}"], capture_output=True, text=True, check=True
        ).stdout
        spent = _cpu(process.pid) - before
    finally:
        process.terminate()
        process.join()
    rate = re.search(r"Requests/sec:\s+([\d.]+)", said)
    count = re.search(r"(\d+) requests in", said)
    slow = re.search(r"99%\s+([\d.]+)(us|ms|s)", said)
    assert rate, said
    assert count, said
    assert slow, said
    p99 = float(slow[1]) * {"us": 0.001, "ms": 1, "s": 1_000}[slow[2]]
    return Run(float(rate[1]), p99, 1e6 * spent / int(count[1]))


def _cpu(pid: int | None) -> float:
    """Return the CPU seconds that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def _wait(port: int) -> None:
    for _ in range(400):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/health").close()
            return
        except OSError:
            time.sleep(0.05)


def compare(seconds: int, rounds: int, *, path: str, folder: Path) -> tuple[Run, Run]:
    """Return the median runs without and with storage, which take turns."""
    paths = folder / "paths"
    paths.write_text("\n".join(_path(n) for n in range(2_000)) + "\n")
    script = folder / "wrk.lua"
    script.write_text(SCRIPT.replace("PATHS", str(paths)))
    found: dict[str, list[Run]] = {"": [], path: []}
    for number in range(rounds):
        for place, store in enumerate(("", path)):
            port = FIRST_PORT + 2 * number + place
            found[store].append(measure(seconds, port=port, path=store, script=str(script)))
    return sorted(found[""])[rounds // 2], sorted(found[path])[rounds // 2]


def main() -> int:
    """Print both rates and their ratio."""
    parser = argparse.ArgumentParser(prog="bench.tracker")
    parser.add_argument("seconds", type=int, nargs="?", default=3)
    parser.add_argument("rounds", type=int, nargs="?", default=3)
    parser.add_argument("--postgres", action="store_true")
    asked = parser.parse_args()
    if not shutil.which("wrk"):
        sys.exit("wrk is missing: apt-get install wrk")
    with ExitStack() as open_things:
        folder = Path(open_things.enter_context(tempfile.TemporaryDirectory(prefix="bench-track-")))
        os.environ["SINCERELY_HOME"] = str(folder / "house")
        path = str(folder / "capture.sqlite3")
        if asked.postgres:
            path = open_things.enter_context(durable_cluster())
        without, durable = compare(asked.seconds, asked.rounds, path=path, folder=folder)
    database = "postgresql" if asked.postgres else "sqlite"
    ratio = durable.rate / without.rate
    for name, run in (("without storage", without), ("durable", durable)):
        print(f"{name:16}{run.rate:10,.0f}/s  p99 {run.p99_ms:6.1f} ms  CPU {run.cpu_us:4.0f} µs")
    print(f"ratio           {ratio:10.2f}")
    result = {
        "path": "tracker",
        "database": database,
        "measured": round(durable.rate),
        "unit": "requests/s",
        "reference": round(without.rate),
        "reference_name": "the same app without storage",
        "ratio": round(ratio, 2),
        "mark": MARKS[database],
        "p99_ms": round(durable.p99_ms, 1),
        "p99_mark_ms": LONGEST_P99_MS,
        "cpu_us": round(durable.cpu_us),
        "reference_cpu_us": round(without.cpu_us),
    }
    print(f"RESULT {json.dumps(result)}")
    return 0


def _path(n: int) -> str:
    is_open = n % 10 < 7
    token = mint(KEY, "open" if is_open else "click", mailing_id=1, message_id=n, nonce=b"nonce!")
    return f"/o/{token}.gif" if is_open else f"/c/{token}/{n % 15 + 1}"


if __name__ == "__main__":
    sys.exit(main())
