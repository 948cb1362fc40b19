"""A line: ready mail that waits for the workers of one transport, and those workers."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence

from sincerely.engines.sender.ready import Ready

AHEAD = 600  # mails that wait in a line: a sixth of a second at the best rate
STOP_SECONDS = 8.0


class Line(ABC):
    """What every way out has in common; lives on the event loop.

    None in the queue tells a worker to end.
    """

    def __init__(self, worker_count: int, *, hungry: Callable[[], None]) -> None:
        self._worker_count = worker_count
        self._hungry = hungry
        self._queue: asyncio.Queue[Ready | None] = asyncio.Queue()
        self._workers: list[asyncio.Task[None]] = []
        self._is_stopping = False

    @property
    def is_hungry(self) -> bool:
        """Less waits than is wanted (may be asked from other threads)."""
        return self._queue.qsize() < AHEAD

    def feed(self, mails: Sequence[Ready]) -> None:
        """Take ready mail; starts the workers with the first."""
        for mail in mails:
            self._queue.put_nowait(mail)
        if not self._workers and not self._is_stopping:
            self._workers = [asyncio.create_task(self._work()) for _ in range(self._worker_count)]

    async def stop(self) -> None:
        """Finish what is being handed over, take nothing more; what waits stays claimed."""
        self._is_stopping = True
        while not self._queue.empty():
            self._queue.get_nowait()
        for _ in self._workers:
            self._queue.put_nowait(None)
        if self._workers:
            _, late = await asyncio.wait(self._workers, timeout=STOP_SECONDS)
            for worker in late:
                worker.cancel()

    def _taken(self) -> None:
        """Ask for more at the moment the line runs low; after each mail that was taken."""
        if self._queue.qsize() == AHEAD - 1:
            self._hungry()

    @abstractmethod
    async def _work(self) -> None:
        """Hand over mail after mail until the line stops."""
