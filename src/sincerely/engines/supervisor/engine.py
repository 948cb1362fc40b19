"""`sincerely engine NAME`: run one process in the foreground until it is told to stop.

Each engine is a module `sincerely.engines.<name>.main` with a function `run(stop)`, which works
until the event is set and then leaves nothing half-done.
"""

from __future__ import annotations

import argparse
import signal
import threading
from contextlib import nullcontext
from importlib import import_module
from types import FrameType

from django.conf import settings

from sincerely.engines import pulse
from sincerely.wire import clock, health, premises
from sincerely.wire.parent import die_with_parent

NAMES = health.PROCESSES


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take the engine's name."""
    parser.add_argument("name", choices=NAMES)
    parser.add_argument("--die-with", type=int, default=0, help="end when this parent process ends")


def run(options: argparse.Namespace) -> int:
    """Run the engine until SIGINT or SIGTERM."""
    if options.die_with:
        die_with_parent(options.die_with)
    stop = threading.Event()

    def ask(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGINT, ask)
    signal.signal(signal.SIGTERM, ask)
    if settings.CLOCK_TURNABLE:
        clock.watch(settings.HOME)
    premises.move_in(settings.HOME)
    work = import_module(f"sincerely.engines.{options.name}.main").run
    # The web process only watches over its worker, which gives the signs of life (wsgi.py).
    with nullcontext() if options.name == "web" else pulse.living(options.name):
        work(stop)
    return 0
