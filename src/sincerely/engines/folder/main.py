"""The folder process: takes every step that is due, rests briefly when nothing is."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass

import structlog
from django.db import DatabaseError, InterfaceError, connection

from sincerely.apps.engagement.rules.agents import warm_up
from sincerely.engines.folder.steps import STEPS, Step, trim_captures
from sincerely.wire import clock, metrics
from sincerely.wire.capture import FAILURES
from sincerely.wire.memory import look_seldom

log = structlog.get_logger("folder")
REST_SECONDS = 0.1
TROUBLE_SECONDS = 1.0
TRIM_EVERY = 600  # rests
# While others wait to write, a slice lasts no longer, so that pages stay quick. Alone it may: what
# a slice costs anyhow is a third of the work in slices of 40 ms. On PostgreSQL nobody ever waits.
AWAITED_SECONDS = 0.04
ALONE_SECONDS = {"sqlite": 0.2, "postgresql": 0.4}
# How long a thread that wants to go on waits for the other: the writing one wants to after each
# statement, and by default would wait 5 ms.
SWITCH_SECONDS = 0.0005
FEWEST, FEWEST_ALONE, MOST = 150, 1_000, 4_000


@dataclass(slots=True)
class Pace:
    """A step that takes as many rows as fit into its time."""

    step: Callable[..., Step]
    limit: int = 250
    seconds: float = 0.0

    def take(self) -> bool:
        """Take one step, learn from its time, and say whether more is due."""
        done = self.step(now=clock.now(), limit=self.limit)
        metrics.FOLDED.labels(self.step.__name__).inc(done.taken)
        self.seconds = done.seconds
        if done.is_more:
            self.limit = self._fitting(done)
        return done.is_more

    def _fitting(self, done: Step) -> int:
        """Return how many rows the next slice takes: less at once for who waits, more by halves."""
        longest = AWAITED_SECONDS if done.is_awaited else ALONE_SECONDS[connection.vendor]
        fitting = self.limit * longest / max(done.seconds, 0.001)
        if done.is_awaited:
            return int(max(FEWEST, min(self.limit, fitting)))
        return int(min(MOST, max(FEWEST_ALONE, (self.limit + fitting) / 2)))


def prepare() -> None:
    """Do before the work what would make its first slice slow."""
    warm_up()
    look_seldom()
    sys.setswitchinterval(SWITCH_SECONDS)


def run(stop: threading.Event) -> None:
    """Fold until told to stop; trouble with the database means trying again, never losing."""
    rests = 0
    prepare()
    paces = [Pace(step) for step in STEPS]
    while not stop.is_set():
        metrics.turned()
        try:
            is_more = any([pace.take() for pace in paces])  # noqa: C419 -- each takes its step
            if rests % TRIM_EVERY == 1:
                trim_captures(now=clock.now())
        except (DatabaseError, InterfaceError, *FAILURES):
            log.exception("the fold waits for its database")
            connection.close()
            stop.wait(TROUBLE_SECONDS)
            continue
        if not is_more:
            rests += 1
            stop.wait(REST_SECONDS)
    connection.close()
