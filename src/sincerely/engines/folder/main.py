"""The folder process: takes every step that is due, rests briefly when nothing is."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import structlog
from django.db import InterfaceError, OperationalError, connection

from sincerely.engines.folder.steps import STEPS, Step, trim_captures
from sincerely.wire import clock, metrics
from sincerely.wire.capture import FAILURES

log = structlog.get_logger("folder")
REST_SECONDS = 0.1
TROUBLE_SECONDS = 1.0
TRIM_EVERY = 600  # rests
LONGEST_SECONDS = 0.04  # a write to the main database lasts no longer, so that pages stay quick
FEWEST, MOST = 50, 4_000


@dataclass(slots=True)
class Pace:
    """A step that takes as many rows as fit into its time."""

    step: Callable[..., Step]
    limit: int = 250

    def take(self) -> bool:
        """Take one step, learn from its time, and say whether more is due."""
        start = time.monotonic()
        done = self.step(now=clock.now(), limit=self.limit)
        metrics.FOLDED.labels(self.step.__name__).inc(done.taken)
        if done.is_more:
            fitting = self.limit * LONGEST_SECONDS / max(time.monotonic() - start, 0.001)
            self.limit = int(min(MOST, max(FEWEST, (self.limit + fitting) / 2)))
        return done.is_more


def run(stop: threading.Event) -> None:
    """Fold until told to stop; trouble with the database means trying again, never losing."""
    rests = 0
    paces = [Pace(step) for step in STEPS]
    while not stop.is_set():
        metrics.turned()
        try:
            is_more = any([pace.take() for pace in paces])  # noqa: C419 -- each takes its step
            if rests % TRIM_EVERY == 1:
                trim_captures(now=clock.now())
        except (OperationalError, InterfaceError, *FAILURES):
            log.exception("the fold waits for its database")
            connection.close()
            stop.wait(TROUBLE_SECONDS)
            continue
        if not is_more:
            rests += 1
            stop.wait(REST_SECONDS)
    connection.close()
