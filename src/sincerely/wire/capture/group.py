"""Group commit: one thread writes whatever arrived while the batch before was being committed.

A caller gets a future that is shared by its whole batch and done when the batch is on disk. A
failing store (disk full, database away) is tried again with the same batch until it works or the
writer is closed; meanwhile at most `most_waiting` captures are kept, and `put` raises Overloaded
beyond that, so that the tracker can answer without storing.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

import structlog

from sincerely.wire.capture.port import Capture, Store

log = structlog.get_logger("capture")
MOST_WAITING = 50_000
MOST_PER_COMMIT = 5_000
PAUSE_SECONDS = 0.25


class Overloaded(Exception):
    """The store does not keep up; nothing was taken."""


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
        self._waiting: list[Capture] = []
        self._promise = loop.create_future()
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
            if self._is_closing or len(self._waiting) >= self._most_waiting:
                raise Overloaded
            self._waiting.append(capture)
            if len(self._waiting) == 1:
                self._wake.notify()
            return self._promise

    def close(self, timeout_seconds: float = 10) -> None:
        """Write what waits and end the thread; what cannot be written is given up and logged."""
        with self._wake:
            self._is_closing = True
            self._wake.notify()
        self._thread.join(timeout_seconds)

    def _work(self) -> None:
        while True:
            with self._wake:
                while not self._waiting and not self._is_closing:
                    self._wake.wait()
                batch, self._waiting = self._waiting, []
                promise, self._promise = self._promise, self._loop.create_future()
            if not batch:
                break
            self._settle(promise, is_kept=self._keep(batch))
        if self._store is not None:
            self._store.close()

    def _keep(self, batch: list[Capture]) -> bool:
        """Write a batch in commits of bounded size, again and again; False if it was given up."""
        start = 0
        while start < len(batch):
            part = batch[start : start + MOST_PER_COMMIT]
            try:
                if self._store is None:
                    self._store = self._open()
                self._store.append(part)
            except Exception:  # any failure of the store means: later
                log.exception("captures cannot be stored", waiting=len(self._waiting) + len(batch))
                self.is_failing = True
                if self._pause_or_give_up():
                    log.error("captures lost", count=len(batch) - start)
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
