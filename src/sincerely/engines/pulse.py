"""Signs of life of a process: a row every few seconds, and its health port if one is set.

A daemon thread writes them beside the engine's own work. Trouble with the database stops nothing:
the health port answers from memory, and the row is written when it can be again.
"""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import structlog
from django.conf import settings
from django.db import DatabaseError, connection

from sincerely.apps.operation import actions
from sincerely.wire import health, metrics

log = structlog.get_logger("pulse")
EVERY_SECONDS = 10.0


@contextmanager
def living(process: str) -> Iterator[None]:
    """Show that this process lives for the length of the block; says goodbye at its end."""
    stop = threading.Event()
    thread = start(process, stop)
    try:
        yield
    finally:
        stop.set()
        thread.join(5)


def start(
    process: str, stop: threading.Event, *, asks: Callable[[], bool] | None = None
) -> threading.Thread:
    """Begin to give signs of life until told to stop (a web worker never is: it just ends).

    `asks`: for a process without a loop of ours, whether it still does its work.
    """
    metrics.begin(process)
    _open_port(process)
    thread = threading.Thread(target=_work, args=(stop, asks), name="pulse", daemon=True)
    thread.start()
    return thread


def port_of(process: str) -> tuple[str, int] | None:
    """Return where this process says how it is: the set port, plus its place in the list."""
    if not settings.HEALTH_ADDRESS:
        return None
    host, _, first = settings.HEALTH_ADDRESS.rpartition(":")
    return host.strip("[]"), int(first) + health.PROCESSES.index(process)


def life(now: datetime) -> actions.Life:
    """Return how this process is."""
    feeling = metrics.feeling
    return actions.Life(
        process=feeling.process,
        host=socket.gethostname()[:120],
        process_id=os.getpid(),
        started_at=feeling.started_at,
        turned_at=now - timedelta(seconds=feeling.seconds_since_turn()),
        memory_bytes=metrics.memory_bytes(),
        error_count=feeling.error_count,
        trouble=feeling.trouble,
        trouble_at=feeling.trouble_at,
    )


def _open_port(process: str) -> None:
    place = port_of(process)
    if place is None:
        return
    try:
        health.listen(*place)
    except OSError as problem:
        log.warning("the health port cannot be opened", port=place[1], problem=str(problem))


def _work(stop: threading.Event, asks: Callable[[], bool] | None) -> None:
    try:
        while not stop.wait(_until_next()):
            if asks is not None and asks():
                metrics.turned()
            _beat()
        with contextlib.suppress(DatabaseError):
            actions.rest(life(datetime.now(UTC)))
    finally:
        connection.close()


def _until_next() -> float:
    """At once after the start, then every few seconds, not all processes at the same moment."""
    lived = time.time() - metrics.feeling.started_at.timestamp()
    return 1.0 if lived < EVERY_SECONDS else EVERY_SECONDS - (os.getpid() % 10) / 10


def _beat() -> None:
    now = datetime.now(UTC)
    try:
        actions.beat(life(now), now=now)
    except DatabaseError as problem:
        log.warning("no sign of life could be written", problem=type(problem).__name__)
        connection.close()
