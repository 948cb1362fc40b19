"""The tracker: durable answers per second under wrk, against the same app without storage.

Needs `wrk` (Debian's package of that name). Run: `python -m bench.tracker [seconds]`.
"""

# ruff: noqa: PLC0415 -- only the serving process needs its loop
from __future__ import annotations

import asyncio
import multiprocessing
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels
from granian.server.embed import Server

from sincerely.apps.engagement.rules.tokens import mint
from sincerely.engines.tracker.app import Tracker
from sincerely.engines.tracker.targets import Targets
from sincerely.wire import clock
from sincerely.wire.capture import GroupWriter, SqliteStore

KEY = bytes(32)
SCRIPT = """
local paths = {}
for line in io.lines("PATHS") do paths[#paths + 1] = line end
local n = 0
request = function() n = n % #paths + 1; return wrk.format("GET", paths[n]) end
"""


class Forgetful:
    """A writer that stores nothing and answers at once: the reference."""

    is_failing = False

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._done = loop.create_future()
        self._done.set_result(None)

    def put(self, _capture: object) -> asyncio.Future[None]:
        return self._done


def serve(port: int, path: str) -> None:
    """Serve with storage at `path`, or without any if it is ''."""
    import uvloop

    async def main() -> None:
        loop = asyncio.get_running_loop()
        writer = GroupWriter(lambda: SqliteStore(Path(path)), loop) if path else Forgetful(loop)
        tracker = Tracker(
            keys=KEY,
            targets=Targets(lambda _mailing: {n: f"https://shop.example/{n}" for n in range(20)}),
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
        await server.serve()

    uvloop.run(main())


def measure(seconds: int, *, port: int, path: str, script: str) -> tuple[float, str]:
    """Return requests per second and the 99th percentile, as wrk tells."""
    process = multiprocessing.get_context("spawn").Process(target=serve, args=(port, path))
    process.start()
    try:
        _wait(port)
        command = ["wrk", "-t1", "-c64", f"-d{seconds}s", "--latency", "-s", script]
        said = subprocess.run(
            [*command, f"http://127.0.0.1:{port}"], capture_output=True, text=True, check=True
        ).stdout
    finally:
        process.terminate()
        process.join()
    rate = re.search(r"Requests/sec:\s+([\d.]+)", said)
    slow = re.search(r"99%\s+(\S+)", said)
    assert rate is not None, said
    assert slow is not None, said
    return float(rate[1]), slow[1]


def _wait(port: int) -> None:
    for _ in range(200):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/health").close()
            return
        except OSError:
            time.sleep(0.05)


def main(seconds: int = 3, rounds: int = 3) -> None:
    """Print both rates and their ratio, medians of interleaved rounds."""
    if not shutil.which("wrk"):
        sys.exit("wrk is missing: apt-get install wrk")
    with tempfile.TemporaryDirectory(prefix="bench-tracker-") as folder:
        paths = Path(folder) / "paths"
        paths.write_text("\n".join(_path(n) for n in range(2_000)) + "\n")
        script = Path(folder) / "wrk.lua"
        script.write_text(SCRIPT.replace("PATHS", str(paths)))
        found: dict[str, list[tuple[float, str]]] = {"without": [], "durable": []}
        for number in range(rounds):
            for name, path in (("without", ""), ("durable", f"{folder}/capture.sqlite3")):
                port = 18_500 + 2 * number + (name == "durable")
                found[name].append(measure(seconds, port=port, path=path, script=str(script)))
    without, durable = (sorted(found[name])[rounds // 2] for name in ("without", "durable"))
    print(f"without storage  {without[0]:10,.0f}/s  p99 {without[1]}")
    print(f"durable          {durable[0]:10,.0f}/s  p99 {durable[1]}")
    print(f"ratio            {durable[0] / without[0]:10.2f}")


def _path(n: int) -> str:
    facts = {"mailing_id": 1, "message_id": n, "nonce": b"nonce!"}
    if n % 10 < 7:
        return f"/o/{mint(KEY, 'open', **facts)}.gif"
    return f"/c/{mint(KEY, 'click', **facts)}/{n % 15 + 1}"


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
