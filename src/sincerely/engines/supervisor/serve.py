"""`sincerely serve`: migrate, start the processes, print where to go, restart what falls.

The children are forks of this process, which has imported Django and the pages once for all: the
first page answers in half the time, and what is imported is in memory once. So nothing here may
start a thread or hold a connection at a fork. A child that ends by itself is started again after a
pause that doubles up to 30 s. On Ctrl-C all are asked to stop and, after ten seconds, killed; on
the supervisor's own death the kernel kills them (wire/parent.py).
"""

from __future__ import annotations

import argparse
import gc
import os
import signal
import sys
import threading
import time
from dataclasses import dataclass, field
from multiprocessing.context import ForkProcess
from types import FrameType

import structlog
from django.conf import settings
from django.db import connections
from django.urls import get_resolver

from sincerely.engines.supervisor import engine
from sincerely.project import installation, owner_link
from sincerely.wire import premises

log = structlog.get_logger("supervisor")
GRACE_SECONDS = 10.0
LONGEST_PAUSE_SECONDS = 30.0


@dataclass
class Child:
    """One supervised process."""

    name: str
    process: ForkProcess | None = None
    pause_seconds: float = 0.5
    start_again_at: float = 0.0
    started_at: float = field(default=0.0)

    def start(self) -> None:
        """Start the process in a session of its own, so that Ctrl-C reaches the parent only."""
        connections.close_all()
        self.process = ForkProcess(target=_work, args=(self.name, os.getpid()), name=self.name)
        self.process.start()
        self.started_at = time.monotonic()

    def look(self) -> None:
        """Start again what ended, not before its pause is over."""
        if self.process is not None and self.process.exitcode is not None:
            lived = time.monotonic() - self.started_at
            self.pause_seconds = (
                0.5 if lived > 60 else min(self.pause_seconds * 2, LONGEST_PAUSE_SECONDS)
            )
            self.start_again_at = time.monotonic() + self.pause_seconds
            log.warning("process ended", process=self.name, status=self.process.exitcode)
            self.process = None
        if self.process is None and time.monotonic() >= self.start_again_at:
            self.start()


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take which processes to start."""
    parser.add_argument("--only", nargs="*", choices=engine.NAMES, default=list(engine.NAMES))
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
    greeting = "" if options.quiet else owner_link.greeting()
    if "web" in options.only:
        get_resolver().reverse_dict  # noqa: B018 -- imports every page
    gc.collect()
    gc.freeze()  # what is imported stays shared: no collection of a child touches it
    children = [Child(name) for name in options.only]
    for child in children:
        child.start()
    if greeting:
        print(greeting, flush=True)
    while not stop.wait(0.2):
        for child in children:
            child.look()
    _stop_all(children)
    return 0


def _work(name: str, parent_id: int) -> None:
    """Be one engine, in a session of its own, so that Ctrl-C reaches the parent only."""
    os.setsid()
    sys.exit(engine.run(argparse.Namespace(name=name, die_with=parent_id)))


def _stop_all(children: list[Child]) -> None:
    running = [child.process for child in children if child.process is not None]
    for process in running:
        process.terminate()
    deadline = time.monotonic() + GRACE_SECONDS
    for process in running:
        process.join(max(0.0, deadline - time.monotonic()))
        if process.exitcode is None:
            process.kill()
            process.join()
