"""The runner: takes the jobs in turn, one short step each, so that none starves.

A job that fails is logged and tried again later, with a pause that doubles up to five minutes;
the others go on. Several runners may run at once: the jobs claim their rows.
"""

from __future__ import annotations

import os
import secrets
import threading
import time
from dataclasses import dataclass

import structlog
from django.db import close_old_connections

from sincerely.engines.runner.jobs import JOBS, Job
from sincerely.wire import clock, metrics

log = structlog.get_logger("runner")
IDLE_SECONDS = 0.1
LONGEST_PAUSE_SECONDS = 300.0


@dataclass
class Turn:
    """A job with the moment (monotonic seconds) of its next look."""

    job: Job
    next_at: float = 0.0
    pause_seconds: float = 1.0

    def take(self, *, owner: str, stop: threading.Event) -> bool:
        """Take one step if it is time; return whether there is more to do at once."""
        if time.monotonic() < self.next_at:
            return False
        try:
            more = self.job.work(now=clock.now(), owner=owner, stop=stop)
        except Exception:
            metrics.JOB_FAILURES.labels(self.job.name).inc()
            log.exception("job failed", job=self.job.name, again_in_seconds=self.pause_seconds)
            close_old_connections()
            self.next_at = time.monotonic() + self.pause_seconds
            self.pause_seconds = min(self.pause_seconds * 2, LONGEST_PAUSE_SECONDS)
            return False
        self.pause_seconds = 1.0
        self.next_at = 0.0 if more else time.monotonic() + self.job.every_seconds
        return more


def run(stop: threading.Event) -> None:
    """Work until told to stop; the step that runs is finished first."""
    owner = f"runner-{os.getpid()}-{secrets.token_hex(4)}"
    turns = [Turn(job) for job in JOBS]
    while not stop.is_set():
        metrics.turned()
        busy = [turn.take(owner=owner, stop=stop) for turn in turns if not stop.is_set()]
        if not any(busy):
            stop.wait(IDLE_SECONDS)
