"""Group commit: one thread writes what arrived while the last batch was committed.

All bookkeeping is done on the event loop's thread, so nothing is locked: the loop hands a whole
batch to the writing thread, and that thread hands it back when it is on disk. Each caller has a
future of its own. A failing or stalling store never makes callers wait for long: `let_go` ends the
wait of those who waited long enough with Overloaded, while the batch itself is tried again until
it is stored or the writer is closed. At most `most_waiting` captures wait meanwhile; `put` raises
beyond that.
"""

from __future__ import annotations

import asyncio
import sys
import threading
import time
from collections.abc import Callable
from queue import SimpleQueue

import structlog

from sincerely.wire import metrics
from sincerely.wire.capture.port import Capture, Store

log = structlog.get_logger("capture")
MOST_WAITING = 50_000
MOST_PER_COMMIT = 5_000
PAUSE_SECONDS = 0.25
TROUBLE = "captures cannot be stored"
# How long a thread that wants to go on waits for the other: the writing thread wants to several
# times a commit, between talks with the database, and by default would wait 5 ms each time.
SWITCH_SECONDS = 0.0005


class Overloaded(Exception):
    """The store does not keep up."""


class Batch:
    """Captures that are committed together, and the promises to those who brought them."""

    __slots__ = ("captures", "promises", "since")

    def __init__(self) -> None:
        self.captures: list[Capture] = []
        self.promises: list[asyncio.Future[None]] = []
        self.since = time.monotonic()

    def settle(self, problem: Exception | None = None) -> None:
        """End the wait of all who still wait; on the loop's thread."""
        for promise in self.promises:
            if promise.done():
                continue
            if problem is None:
                promise.set_result(None)
            else:
                promise.set_exception(problem)


class GroupWriter:
    """Takes captures on the event loop's thread and commits them on its own."""

    def __init__(
        self,
        open_it: Callable[[], Store],
        loop: asyncio.AbstractEventLoop,
        *,
        most_waiting: int = 0,
    ) -> None:
        self._open = open_it
        self._loop = loop
        self._most_waiting = most_waiting or MOST_WAITING
        self._next = Batch()
        self._current: Batch | None = None
        self._batches: SimpleQueue[Batch | None] = SimpleQueue()
        self._closing = threading.Event()
        self._store: Store | None = None
        self.stored_count = 0
        self.is_failing = False  # the store refuses
        self.is_behind = False  # somebody waited in vain, and the store has not caught up since
        sys.setswitchinterval(SWITCH_SECONDS)
        self._thread = threading.Thread(target=self._work, daemon=True, name="capture")
        self._thread.start()

    @property
    def waiting_count(self) -> int:
        """How many captures are not yet stored."""
        return len(self._next.captures) + (len(self._current.captures) if self._current else 0)

    def put(self, capture: Capture) -> asyncio.Future[None]:
        """Take one capture; the future is done when it is durable."""
        batch = self._next
        if self._closing.is_set() or len(batch.captures) >= self._most_waiting:
            raise Overloaded
        batch.captures.append(capture)
        promise: asyncio.Future[None] = self._loop.create_future()
        batch.promises.append(promise)
        if len(batch.captures) == 1:
            batch.since = time.monotonic()
            if self._current is None:
                self._loop.call_soon(self._hand_over)
        return promise

    def let_go(self, older_than_seconds: float) -> None:
        """End the wait of callers whose batch is older than that; call on the loop's thread."""
        latest = time.monotonic() - older_than_seconds
        for batch in (self._current, self._next):
            if batch is not None and batch.captures and batch.since < latest:
                self.is_behind = True
                batch.settle(Overloaded())

    def close(self, timeout_seconds: float = 10) -> None:
        """Write what waits and end the thread; what cannot be written is given up and logged."""
        self._closing.set()
        self._batches.put(self._next)
        self._batches.put(None)
        self._thread.join(timeout_seconds)

    def _hand_over(self) -> None:
        """Give the writing thread what waits, if it is free."""
        if self._current is None and self._next.captures and not self._closing.is_set():
            self._current, self._next = self._next, Batch()
            self._batches.put(self._current)

    def _settled(self, batch: Batch, problem: Exception | None) -> None:
        self._current, self.is_behind = None, False
        self._hand_over()
        batch.settle(problem)

    def _work(self) -> None:
        while (batch := self._batches.get()) is not None:
            problem = None if self._keep(batch.captures) else Overloaded()
            try:
                self._loop.call_soon_threadsafe(self._settled, batch, problem)
            except RuntimeError:  # the loop has ended: nobody waits any more
                continue
        if self._store is not None:
            self._store.close()

    def _keep(self, captures: list[Capture]) -> bool:
        """Write a batch in commits of bounded size, again and again; False if it was given up."""
        start = 0
        while start < len(captures):
            part = captures[start : start + MOST_PER_COMMIT]
            try:
                if self._store is None:
                    self._store = self._open()
                with metrics.CAPTURE_COMMIT.time():
                    self._store.append(part)
            except Exception:  # noqa: BLE001 -- any failure of the store means: later
                metrics.fails(log, TROUBLE, waiting=len(captures) - start)
                self.is_failing = True
                metrics.CAPTURES_FAILING.set(1)
                if self._closing.wait(PAUSE_SECONDS):
                    log.error("captures lost", count=len(captures) - start)
                    return False
                continue
            self.is_failing = False
            metrics.works(log, TROUBLE)
            metrics.CAPTURES_FAILING.set(0)
            metrics.CAPTURED.inc(len(part))
            self.stored_count += len(part)
            start += len(part)
        return True
