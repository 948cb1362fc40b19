"""A nursery of engines: they are started in no time, and killed wherever they are.

One process imports everything once and forks an engine at each line it reads, so that starting is
quick enough to be killed hundreds of times, also on a busy machine. Each engine is on the date on
which its test is (tests/conftest.py), told as its distance from the clock that all processes share.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.db import connection

from tests.installation import free_ports

PROGRAM = """
import importlib, os, signal, sys, threading, time, django, time_machine
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
django.setup()
from django.db import connections
ours = connections.settings["default"]
ours["NAME"] = os.environ["TEST_DATABASE_NAME"]
if "DURABLE" in os.environ:
    options = ours["OPTIONS"]
    options["init_command"] = options["init_command"].replace("PRAGMA synchronous=OFF;", "")
NAMES = ("sender", "folder", "runner", "tracker")
mains = {name: importlib.import_module(f"sincerely.engines.{name}.main") for name in NAMES}
mains["api"] = importlib.import_module("tests.crash.api_caller")
mains["importer"] = importlib.import_module("tests.crash.importer")
from django.urls import get_resolver
from sincerely.wire.parent import die_with_parent
mother = os.getpid()
get_resolver().url_patterns  # the first request of a child need not load them
print("ready", flush=True)
for line in sys.stdin:
    name, distance = line.split()
    child = os.fork()
    if child == 0:
        die_with_parent(mother)
        date = float(distance) + time.monotonic()
        if abs(date - time.time()) > 1:  # else the test is in the present, to the microsecond
            time_machine.travel(date, tick=True).start()
        stop = threading.Event()
        signal.signal(signal.SIGTERM, lambda *_: stop.set())
        mains[name].run(stop)
        os._exit(0)
    print(child, flush=True)
"""


class Nursery:
    """Where engines are started; each lives until it is told to stop or killed.

    `is_durable`: they flush what they write, as in an installation and unlike in other tests.
    """

    def __init__(self, *, is_durable: bool = False) -> None:
        self.tracker_port, self.mailbox_port = free_ports(2)
        environment = os.environ | {
            "SINCERELY_TRACKER": f"127.0.0.1:{self.tracker_port}",
            "SINCERELY_MAILBOX": f"127.0.0.1:{self.mailbox_port}",
            "DJANGO_SETTINGS_MODULE": "tests.settings",
            "TEST_DATABASE_NAME": str(connection.settings_dict["NAME"]),
        }
        if is_durable:
            environment["DURABLE"] = "1"
        self.living: set[int] = set()
        self.kill_count = 0
        self._mother = subprocess.Popen(
            [sys.executable, "-c", PROGRAM],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        while self._line() != "ready":
            pass

    @property
    def number(self) -> int:
        """The process of which all engines are children."""
        return self._mother.pid

    def start(self, name: str) -> int:
        """Start an engine and return its process' number."""
        assert self._mother.stdin is not None
        self._mother.stdin.write(f"{name} {time.time() - time.monotonic()}\n")
        self._mother.stdin.flush()
        while not (line := self._line()).isdigit():
            pass
        self.living.add(int(line))
        return int(line)

    def kill(self, number: int) -> None:
        """Kill an engine at this very moment."""
        self._end(number, signal.SIGKILL)
        self.kill_count += 1

    def stop(self, number: int) -> None:
        """Ask an engine to end, and wait until it has."""
        self._end(number, signal.SIGTERM)

    def lives(self, number: int) -> bool:
        """Say whether an engine has not ended by itself."""
        return number in self.living and Path(f"/proc/{number}").exists()

    @contextmanager
    def running(self, *names: str) -> Iterator[None]:
        """Engines that live until the block ends; then they are killed, wherever they are."""
        numbers = [self.start(name) for name in names]
        try:
            yield
        finally:
            for number in numbers:
                self.kill(number)

    def clear(self) -> None:
        """Kill what a failed test left."""
        for number in list(self.living):
            self._end(number, signal.SIGKILL)

    def close(self) -> None:
        """End the nursery."""
        self.clear()
        assert self._mother.stdin is not None
        assert self._mother.stdout is not None
        self._mother.stdin.close()
        self._mother.wait(30)
        self._mother.stdout.close()

    def _line(self) -> str:
        assert self._mother.stdout is not None
        line = self._mother.stdout.readline()
        assert line, "the nursery ended"
        return line.strip()

    def _end(self, number: int, how: signal.Signals) -> None:
        self.living.discard(number)
        deadline = time.monotonic() + 60
        try:
            os.kill(number, how)
            while time.monotonic() < deadline:
                os.kill(number, 0)
                time.sleep(0.002)
        except ProcessLookupError:
            return
        raise AssertionError(f"process {number} does not end")
