"""One machine of an installation: a process that imports everything once and forks what it runs.

Each machine has a folder of its own; starting and killing a process costs milliseconds, so that a
test can do it often on a busy computer. What runs is the real command line.
"""

from __future__ import annotations

import json
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg
from django.db import connection

PARENT = r"""
import contextlib, io, json, os, sys, traceback
import django
django.setup()
from importlib import import_module
for name in json.loads(sys.argv[1]):
    import_module(name)
from sincerely.wire.parent import die_with_parent
me = os.getpid()

def child(order):
    die_with_parent(me)
    os.setsid()
    out = os.open(order["out"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0); os.dup2(out, 1); os.dup2(out, 2)
    status = 1
    try:
        if "command" in order:
            from sincerely.cli import main
            status = main(order["command"])
        else:
            exec(order["code"], {"arguments": order["arguments"]})
            status = 0
    except SystemExit as ended:
        status = ended.code or 0
    except BaseException:
        traceback.print_exc()
    sys.stdout.flush(); sys.stderr.flush()
    os._exit(int(status))

print("ready", flush=True)
for line in sys.stdin:
    order = json.loads(line)
    if order["do"] == "wait":
        try:
            print(os.waitstatus_to_exitcode(os.waitpid(order["pid"], 0)[1]), flush=True)
        except ChildProcessError:
            print(0, flush=True)
        continue
    pid = os.fork()
    if pid == 0:
        child(order)
    print(pid, flush=True)
"""
IMPORTS = (
    "sincerely.engines.supervisor.engine",
    "sincerely.engines.sender.main",
    "sincerely.engines.folder.main",
    "sincerely.engines.runner.main",
    "sincerely.engines.tracker.main",
    "sincerely.engines.mailbox.main",
    "sincerely.project.backup.restoring",
    "sincerely.project.backup.taking",
    "django.contrib.auth.backends",
)


class House:
    """A machine: `run` code or a command to its end, `start` an engine and `kill` it."""

    def __init__(self, home: Path, **settings: str) -> None:
        home.mkdir(parents=True, exist_ok=True)
        self.home = home
        self.log = home / "log"
        self._number = 0
        kept = {k: v for k, v in os.environ.items() if not k.startswith("SINCERELY_")}
        kept.pop("DATABASE_URL", None)
        self.environment = kept | {
            "DJANGO_SETTINGS_MODULE": "sincerely.project.settings",
            "SINCERELY_HOME": str(home),
            "SINCERELY_SECRET": "a secret for this installation",
            **settings,
        }
        self._parent = subprocess.Popen(
            [sys.executable, "-c", PARENT, json.dumps(IMPORTS)],
            env=self.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._line() == "ready"

    @property
    def number(self) -> int:
        """The process of which all others here are children."""
        return self._parent.pid

    def run(self, code: str, *arguments: Any) -> str:
        """Run code in a process of the installation and return what it printed."""
        status, said = self._to_the_end({"code": code, "arguments": arguments})
        assert status == 0, said
        return said

    def command(self, *words: str) -> tuple[int, str]:
        """Run a command to its end: its exit status and what it printed."""
        return self._to_the_end({"command": list(words)})

    def begin(self, *words: str) -> int:
        """Start a command and return its process id."""
        return self._order({"do": "start", "command": list(words), "out": str(self.log)})

    def end(self, pid: int, how: int = signal.SIGTERM) -> int:
        """End a process and return its exit status, negative for a signal."""
        with suppress(ProcessLookupError):
            os.kill(pid, how)
        return self.wait(pid)

    def wait(self, pid: int) -> int:
        """Wait for a process."""
        return self._order({"do": "wait", "pid": pid})

    def close(self) -> None:
        """Close the machine down; what still runs is killed by the kernel."""
        assert self._parent.stdin is not None
        assert self._parent.stdout is not None
        self._parent.stdin.close()
        self._parent.wait(30)
        self._parent.stdout.close()

    def _to_the_end(self, order: dict[str, Any]) -> tuple[int, str]:
        self._number += 1
        out = self.home / f"said-{self._number}"
        pid = self._order({"do": "run", "out": str(out), **order})
        status = self.wait(pid)
        return status, out.read_text() if out.exists() else ""

    def _order(self, order: dict[str, Any]) -> int:
        assert self._parent.stdin is not None
        self._parent.stdin.write(json.dumps(order) + "\n")
        self._parent.stdin.flush()
        return int(self._line())

    def _line(self) -> str:
        assert self._parent.stdout is not None
        line = self._parent.stdout.readline()
        assert line, "the machine is gone"
        return line.strip()


@contextmanager
def house(home: Path, **settings: str) -> Iterator[House]:
    """A machine for the length of the block."""
    made = House(home, **settings)
    try:
        yield made
    finally:
        made.close()


def until(question: Any, *, seconds: float = 60) -> None:
    """Wait for something to become true; fails the test if it does not."""
    deadline = time.monotonic() + seconds
    while not question():
        assert time.monotonic() < deadline, "it did not become true in time"
        time.sleep(0.05)


@contextmanager
def own_database() -> Iterator[dict[str, str]]:
    """The setting of a database of its own: none on SQLite, where the folder holds it."""
    if connection.vendor != "postgresql":
        yield {}
        return
    given = connection.get_connection_params()
    place = f"{given['host']}:{given['port']}"
    name = f"house_{secrets.token_hex(4)}"
    server = f"postgres://{given['user']}@{place}"
    with psycopg.connect(f"{server}/postgres", autocommit=True) as session:
        session.execute(f"CREATE DATABASE {name}")  # type: ignore[call-overload]
        try:
            yield {"DATABASE_URL": f"{server}/{name}"}
        finally:
            session.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")  # type: ignore[call-overload]
