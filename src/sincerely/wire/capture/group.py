"""Group commit: one thread writes what arrived while the last batch was committed.

A caller gets a future that is shared by its whole batch and done when the batch is on disk. A
failing or stalling store never makes callers wait for long: `let_go` ends the wait of those who
waited long enough with Overloaded, while the batch itself is tried again until it is stored or the
writer is closed. At most `most_waiting` captures are kept meanwhile; `put` raises beyond that.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable

import structlog

from sincerely.wire.capture.port import Capture, Store

log = structlog.get_logger("capture")
MOST_WAITING = 50_000
MOST_PER_COMMIT = 5_000
PAUSE_SECONDS = 0.25


class Overloaded(Exception):
    """The store does not keep up."""


class Batch:
    """Captures that are committed together, and the promise to those who brought them."""

    __slots__ = ("captures", "promise", "since")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.captures: list[Capture] = []
        self.promise: asyncio.Future[None] = loop.create_future()
        self.since = time.monotonic()


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
        self._next = Batch(loop)
        self._current: Batch | None = None
        self._wake = threading.Condition()
        self._is_closing = False
        self._store: Store | None = None
        self.stored_count = 0
        self.is_failing = False
        self._thread = threading.Thread(target=self._work, daemon=True, name="capture")
        self._thread.start()

    def put(self, capture: Capture) -> asyncio.Future[None]:
        """Take one capture; await the future (shielded) to know that it is durable."""
        with self._wake:
            waiting = self._next.captures
            if self._is_closing or len(waiting) >= self._most_waiting:
                raise Overloaded
            waiting.append(capture)
            if len(waiting) == 1:
                self._next.since = time.monotonic()
                self._wake.notify()
            return self._next.promise

    def let_go(self, older_than_seconds: float) -> None:
        """End the wait of callers whose batch is older than that; call on the loop's thread."""
        latest = time.monotonic() - older_than_seconds
        with self._wake:
            batches = [self._current, self._next if self._next.captures else None]
        for batch in batches:
            if batch is not None and batch.since < latest and not batch.promise.done():
                batch.promise.set_exception(Overloaded())

    def close(self, timeout_seconds: float = 10) -> None:
        """Write what waits and end the thread; what cannot be written is given up and logged."""
        with self._wake:
            self._is_closing = True
            self._wake.notify()
        self._thread.join(timeout_seconds)

    def _work(self) -> None:
        while batch := self._take():
            self._settle(batch.promise, is_kept=self._keep(batch.captures))
        if self._store is not None:
            self._store.close()

    def _take(self) -> Batch | None:
        """Wait for captures; None when there are none left and the writer is closing."""
        with self._wake:
            self._current = None
            while not self._next.captures and not self._is_closing:
                self._wake.wait()
            if not self._next.captures:
                return None
            self._current, self._next = self._next, Batch(self._loop)
            return self._current

    def _keep(self, captures: list[Capture]) -> bool:
        """Write a batch in commits of bounded size, again and again; False if it was given up."""
        start = 0
        while start < len(captures):
            part = captures[start : start + MOST_PER_COMMIT]
            try:
                if self._store is None:
                    self._store = self._open()
                self._store.append(part)
            except Exception:  # any failure of the store means: later
                log.exception("captures cannot be stored", waiting=len(captures) - start)
                self.is_failing = True
                if self._pause_or_give_up():
                    log.error("captures lost", count=len(captures) - start)
                    return False
                continue
            self.is_failing = False
            self.stored_count += len(part)
            start += len(part)
        return True

    def _pause_or_give_up(self) -> bool:
        with self._wake:
            self._wake.wait_for(lambda: self._is_closing, timeout=PAUSE_SECONDS)
            return self._is_closing

    def _settle(self, promise: asyncio.Future[None], *, is_kept: bool) -> None:
        def done() -> None:
            if promise.done():
                return
            if is_kept:
                promise.set_result(None)
            else:
                promise.set_exception(Overloaded())

        try:
            self._loop.call_soon_threadsafe(done)
        except RuntimeError:  # the loop has ended: nobody waits any more
            return
