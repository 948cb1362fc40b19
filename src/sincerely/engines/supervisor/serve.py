"""`sincerely serve`: migrate, start the processes, print where to go, restart what falls.

A child that ends by itself is started again after a pause that doubles up to 30 s. On Ctrl-C all
are asked to stop and, after ten seconds, killed; on the supervisor's own death the kernel kills
them (wire/parent.py).
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from types import FrameType

import structlog
from django.conf import settings

from sincerely.engines.supervisor.engine import NAMES
from sincerely.project import installation, owner_link
from sincerely.wire import premises

log = structlog.get_logger("supervisor")
GRACE_SECONDS = 10.0
HEAD_START_SECONDS = 2.0
LONGEST_PAUSE_SECONDS = 30.0


@dataclass
class Child:
    """One supervised process."""

    name: str
    process: subprocess.Popen[bytes] | None = None
    pause_seconds: float = 0.5
    start_again_at: float = 0.0
    started_at: float = field(default=0.0)

    def start(self) -> None:
        """Start the process in a session of its own, so that Ctrl-C reaches the parent only."""
        command = [sys.executable, "-m", "sincerely.cli", "engine", self.name]
        self.process = subprocess.Popen(  # noqa: S603 -- our own command
            [*command, "--die-with", str(os.getpid())], start_new_session=True
        )
        self.started_at = time.monotonic()

    def look(self) -> None:
        """Start again what ended, not before its pause is over."""
        if self.process is not None and self.process.poll() is not None:
            lived = time.monotonic() - self.started_at
            self.pause_seconds = (
                0.5 if lived > 60 else min(self.pause_seconds * 2, LONGEST_PAUSE_SECONDS)
            )
            self.start_again_at = time.monotonic() + self.pause_seconds
            log.warning("process ended", process=self.name, status=self.process.returncode)
            self.process = None
        if self.process is None and time.monotonic() >= self.start_again_at:
            self.start()


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take which processes to start."""
    parser.add_argument("--only", nargs="*", choices=NAMES, default=list(NAMES))
    parser.add_argument("--quiet", action="store_true", help="do not print the address")


def run(options: argparse.Namespace) -> int:
    """Serve until SIGINT or SIGTERM."""
    stop = threading.Event()

    def ask(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGINT, ask)
    signal.signal(signal.SIGTERM, ask)
    premises.move_in(settings.HOME)
    installation.prepare()
    children = [Child(name) for name in options.only]
    for child in children[:1]:
        child.start()
    if not options.quiet:
        print(owner_link.greeting(), flush=True)
    # The others follow in a moment, so that the pages, which a person waits for, come up first.
    if children and children[0].name == "web":
        stop.wait(HEAD_START_SECONDS)
    while not stop.wait(0.2):
        for child in children:
            child.look()
    _stop_all(children)
    return 0


def _stop_all(children: list[Child]) -> None:
    running = [child.process for child in children if child.process is not None]
    for process in running:
        process.terminate()
    deadline = time.monotonic() + GRACE_SECONDS
    for process in running:
        try:
            process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
