"""A line: ready mail that waits for the workers of one transport, and those workers.

Mail waits in two places: as it was fed, and, of the first few, cleared by the gate. Cleared ahead
is what leaves in a fifth of a second, and at least one mail for each worker that waits: the gate's
word must be fresh when the content begins. A cleared mail that has to wait longer is asked for
anew, and given back where nothing moves.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from math import ceil
from typing import NamedTuple

from sincerely.engines.sender.ready import Ready
from sincerely.engines.sender.record import GO, Recorder, Words
from sincerely.wire.smtp.replies import Outcome, Stage

AHEAD = 1_000  # mails that wait in a line: a quarter of a second at the best rate
STOP_SECONDS = 8.0
# The gate's word is good for so long: nobody gets content a second after leaving.
FRESH_SECONDS = 0.5
CLEARED_SECONDS = 0.2  # what leaves in this time is cleared ahead
MOST_CLEARED = 200
LOOK_SECONDS = 0.5
UNTOUCHED = Outcome(Stage.CONNECT, None)


class Cleared(NamedTuple):
    """A mail that the gate let pass, and the moment before it was asked (monotonic)."""

    mail: Ready
    at: float

    @property
    def age(self) -> float:
        """How old the gate's word is, in seconds."""
        return time.monotonic() - self.at


class Hall(NamedTuple):
    """What a line needs of its sender: who writes down, how many seats it has, whom to wake."""

    recorder: Recorder
    seats: Callable[[], int]
    hungry: Callable[[], None]


class Line(ABC):
    """What every way out has in common; lives on the event loop."""

    def __init__(self, worker_count: int, hall: Hall) -> None:
        self._worker_count = worker_count
        self._recorder, self._seats, self._hungry = hall
        self._seated_count = 0
        self._fed: deque[Ready] = deque()
        self._cleared: asyncio.Queue[Cleared | None] = asyncio.Queue()  # None ends a worker
        self._asked_count = 0
        self._idle_count = 0
        self._pace = _Pace()
        self._workers: list[asyncio.Task[None]] = []
        self._is_stopping = False

    @property
    def is_hungry(self) -> bool:
        """Less waits than is wanted (may be asked from other threads)."""
        return self._stock() < AHEAD and self._seats() > 0

    def feed(self, mails: Sequence[Ready]) -> None:
        """Take ready mail; starts the workers with the first."""
        self._fed.extend(mails)
        if not self._workers and not self._is_stopping:
            self._workers = [asyncio.create_task(self._work()) for _ in range(self._worker_count)]
            asyncio.get_running_loop().call_later(LOOK_SECONDS, self._look)
        self._ask()

    async def stop(self) -> None:
        """Finish what is being handed over, take nothing more; what waits stays as it is."""
        self._is_stopping = True
        self._fed.clear()
        while not self._cleared.empty():
            self._cleared.get_nowait()
        for _ in self._workers:
            self._cleared.put_nowait(None)
        if self._workers:
            _, late = await asyncio.wait(self._workers, timeout=STOP_SECONDS)
            for worker in late:
                worker.cancel()

    def _next(self) -> Cleared | None:
        """Take the next cleared mail, if there is one whose word will still be good."""
        while not self._cleared.empty():
            found = self._cleared.get_nowait()
            if found is None:
                self._cleared.put_nowait(None)
                break
            if found.age < FRESH_SECONDS / 2:
                self._taken()
                return found
            self._fed.appendleft(found.mail)
        self._ask()
        return None

    async def _later(self) -> Cleared | None:
        """Wait for the next cleared mail; None when the line stops."""
        while (found := self._next()) is None:
            self._idle_count += 1
            try:
                self._ask()
                first = await self._cleared.get()
            finally:
                self._idle_count -= 1
            self._cleared.put_nowait(first)
            if first is None:
                return None
        return found

    @contextlib.contextmanager
    def _seat(self, cleared: Cleared) -> Iterator[bool]:
        """Take a seat for the block, if there is one; the mail goes back into the line if not."""
        is_free = self._seated_count < self._seats()
        if not is_free:
            self._cleared.put_nowait(cleared)
            yield False
            return
        self._seated_count += 1
        try:
            yield True
        finally:
            self._seated_count -= 1

    async def _granted(self, current: Cleared) -> bool:
        """Say whether a mail may leave now: asks the gate again where its word grew old."""
        while current.age >= FRESH_SECONDS:
            words = await self._recorder.clear([current.mail])
            if words.said[current.mail.message.id] != GO:
                return False
            current = Cleared(current.mail, words.at)
        return True

    def _stock(self) -> int:
        return len(self._fed) + self._asked_count + self._cleared.qsize()

    def _taken(self) -> None:
        """Ask for more to be cleared, and to be fed at the moment the line runs low."""
        self._pace.count += 1
        if self._stock() == AHEAD - 1:
            self._hungry()
        if not self._asked_count:
            self._ask()

    def _ask(self) -> None:
        """Have the next few cleared; one question at a time."""
        if self._asked_count or self._is_stopping or not self._fed:
            return
        count = self._wanted()
        if count <= 0:
            return
        mails = [self._fed.popleft() for _ in range(min(count, len(self._fed)))]
        self._asked_count = len(mails)
        question = self._recorder.clear(mails)
        question.add_done_callback(lambda done: self._answered(mails, done.result()))

    def _wanted(self) -> int:
        """How many more should be cleared: none until half of what is wanted is used up."""
        likely = max(self._idle_count, self._pace.within(CLEARED_SECONDS))
        wanted, here = min(likely, MOST_CLEARED), self._cleared.qsize()
        return wanted - here if here <= wanted // 2 else 0

    def _answered(self, mails: Sequence[Ready], words: Words) -> None:
        """Put in line who may leave; the recorder has written down who may not."""
        self._asked_count = 0
        if self._is_stopping:
            return
        for mail in mails:
            if words.said[mail.message.id] == GO:
                self._cleared.put_nowait(Cleared(mail, words.at))
        self._ask()

    def _look(self) -> None:
        """Give back what was cleared and does not move: it must not stand as 'dialling'.

        All goes back where this sender has no seat any more: another one has.
        """
        if self._is_stopping:
            return
        has_seats = self._seats() > 0
        while self._fed and not has_seats:
            self._recorder.tell(self._fed.popleft(), UNTOUCHED)
        for _ in range(self._cleared.qsize()):
            found = self._cleared.get_nowait()
            if found is not None and (found.age > FRESH_SECONDS or not has_seats):
                self._recorder.tell(found.mail, UNTOUCHED)
            else:
                self._cleared.put_nowait(found)
        asyncio.get_running_loop().call_later(LOOK_SECONDS, self._look)

    @abstractmethod
    async def _work(self) -> None:
        """Hand over mail after mail until the line stops."""


class _Pace:
    """How many mails are taken in a time, as it was lately."""

    def __init__(self) -> None:
        self.count = 0
        self._rate = 0.0
        self._since = time.monotonic()

    def within(self, seconds: float) -> int:
        """Return how many are likely to be taken in so many seconds."""
        elapsed = time.monotonic() - self._since
        if elapsed > 0.05:
            self._rate = self.count / elapsed
            self.count, self._since = 0, time.monotonic()
        return ceil(self._rate * seconds)
