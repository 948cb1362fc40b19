"""The folder process: takes every step that is due, rests briefly when nothing is."""

from __future__ import annotations

import threading

import structlog
from django.db import InterfaceError, OperationalError, connection

from sincerely.engines.folder.steps import STEPS, trim_captures
from sincerely.wire import clock

log = structlog.get_logger("folder")
REST_SECONDS = 0.1
TROUBLE_SECONDS = 1.0
TRIM_EVERY = 600  # rests


def run(stop: threading.Event) -> None:
    """Fold until told to stop; trouble with the database means trying again, never losing."""
    rests = 0
    while not stop.is_set():
        try:
            done = [step(now=clock.now()) for step in STEPS]
            if rests % TRIM_EVERY == 1:
                trim_captures()
        except (OperationalError, InterfaceError):
            log.exception("the fold waits for its database")
            connection.close()
            stop.wait(TROUBLE_SECONDS)
            continue
        if not any(step.is_more for step in done):
            rests += 1
            stop.wait(REST_SECONDS)
    connection.close()
