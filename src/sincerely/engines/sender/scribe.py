"""The scribe: writes the journal, many turns to a record.

What connections have to say in one round of the event loop, and while a record is being written,
makes the next one. A turn's future is done only when its record is durable, so 'begun' is before
the first byte of content. Where records take long, those who were just told are waited for a
little: else connections fall into two groups that take turns, each with half-filled records.

A near journal is written by the loop itself, for it takes a tenth of a millisecond; a thread does
it over a network, and for a while where the disk is slow or failed. A disk or a database that
fails is asked again with the same record until it works; a journal that somebody took over is lost
for good, and every turn is told so.

Turns are gathered on the event loop's thread, so nothing here needs a lock.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from math import inf
from queue import SimpleQueue
from typing import NamedTuple

import psycopg
import structlog

from sincerely.engines.sender.journal import Journal, JournalLost, Key, Ledger, encode
from sincerely.wire import metrics
from sincerely.wire.smtp.replies import Outcome

log = structlog.get_logger("sender")
PAUSE_SECONDS = 0.5
# What records take is a mean of the last ones; these were compared with disks made slow.
SLOW_SECONDS = 0.003  # a loop that stands still for so long does not write itself for a while
A_WHILE_SECONDS = 5.0
GATHER_FROM_SECONDS = 0.002  # a record that takes so long is worth gathering for
GATHER_SHARE = 0.5  # of the time that a record takes
MOST_GATHER_SECONDS = 0.05
RECORDS_OF_A_MEAN = 8
TROUBLE = "the journal of hand-overs cannot be written"


class _Page(NamedTuple):
    """One record and who waits for it."""

    record: bytes
    begins_anew: bool
    waiting: list[asyncio.Future[bool]]


class Scribe:
    """Takes turns on the event loop's thread and sees that they become durable."""

    def __init__(self, loop: asyncio.AbstractEventLoop, journal: Journal) -> None:
        self._loop = loop
        self._journal = journal
        self._ledger = Ledger()
        self._heard: list[tuple[Key, Outcome]] = []
        self._begun: list[Key] = []
        self._waiting: list[asyncio.Future[bool]] = []
        self._inbox: SimpleQueue[_Page | None] = SimpleQueue()
        self._is_busy = False
        self._takes_seconds = 0.0
        self._gathering: asyncio.TimerHandle | None = None
        self._expected_count = 0
        self._near_from = 0.0 if journal.is_near else inf
        self.is_lost = False
        self._thread = threading.Thread(target=self._work, name="scribe", daemon=True)

    def start(self) -> None:
        """Start writing."""
        self._thread.start()

    def turn(self, heard: tuple[Key, Outcome] | None, begun: Key | None) -> asyncio.Future[bool]:
        """Queue a turn; its future is True when it is durable, False when the journal is lost.

        Call it on the event loop's thread.
        """
        answer: asyncio.Future[bool] = self._loop.create_future()
        if heard is not None:
            self._heard.append(heard)
            self._ledger.note([heard], [])
        if begun is not None:
            self._begun.append(begun)
            self._ledger.begun.add(begun)
        self._waiting.append(answer)
        if not self._is_busy:
            self._is_busy = True
            self._loop.call_soon(self._hand_on)  # with what else this round of the loop brings
        elif self._gathering and len(self._waiting) >= self._expected_count:
            self._gathering.cancel()
            self._gathering = None
            self._loop.call_soon(self._hand_on)
        return answer

    def forget(self, keys: list[Key]) -> None:
        """Leave out of the journal what is in the messages by now; on the loop's thread."""
        self._ledger.forget(keys)

    def close(self) -> None:
        """Write what waits and end; no turn comes any more."""
        if self._waiting:
            self._inbox.put(self._page())
        self._inbox.put(None)
        self._thread.join(30)

    def _hand_on(self) -> None:
        """Write what has gathered, here or on the thread."""
        self._gathering = None
        self._is_busy = bool(self._waiting)
        if not self._waiting:
            return
        page = self._page()
        if self._loop.time() >= self._near_from and self._is_written(page):
            self._answer(page.waiting, True)  # noqa: FBT003
        else:
            self._inbox.put(page)

    def _is_written(self, page: _Page) -> bool:
        """Write a page at once; False where the thread has to."""
        is_written = False
        with contextlib.suppress(OSError, JournalLost):
            self._write(page)
            is_written = True
        if not is_written or self._takes_seconds >= SLOW_SECONDS:
            self._near_from = self._loop.time() + A_WHILE_SECONDS
        return is_written

    def _page(self) -> _Page:
        record = encode(self._heard, self._begun)
        begins_anew = not self._journal.has_room(len(record))
        page = _Page(self._ledger.record() if begins_anew else record, begins_anew, self._waiting)
        self._heard, self._begun, self._waiting = [], [], []
        return page

    def _answer(self, waiting: list[asyncio.Future[bool]], is_durable: bool) -> None:  # noqa: FBT001 -- called by position
        for answer in waiting:
            if not answer.done():
                answer.set_result(is_durable)
        if self._takes_seconds >= GATHER_FROM_SECONDS:
            self._is_busy = True
            self._expected_count = len(self._waiting) + len(waiting)
            pause = min(self._takes_seconds * GATHER_SHARE, MOST_GATHER_SECONDS)
            self._gathering = self._loop.call_later(pause, self._hand_on)
            return
        self._is_busy = bool(self._waiting)
        if self._waiting:
            self._loop.call_soon(self._hand_on)

    def _work(self) -> None:
        try:
            while (page := self._inbox.get()) is not None:
                is_durable = self._write_until_it_works(page)
                with contextlib.suppress(RuntimeError):  # the loop has ended: nobody waits
                    self._loop.call_soon_threadsafe(self._answer, page.waiting, is_durable)
        finally:
            self._journal.close()

    def _write_until_it_works(self, page: _Page) -> bool:
        while not self.is_lost:
            try:
                self._write(page)
            except JournalLost:
                log.exception("the journal was taken over: nothing is begun any more")
                self.is_lost = True
            except (OSError, psycopg.Error):
                metrics.fails(log, TROUBLE, waiting=len(page.waiting))
                threading.Event().wait(PAUSE_SECONDS)
            else:
                metrics.works(log, TROUBLE)
                return True
        return False

    def _write(self, page: _Page) -> None:
        began_at = time.monotonic()
        try:
            if page.begins_anew:
                self._journal.begin_anew(page.record)
            else:
                self._journal.append(page.record)
        finally:
            took_seconds = time.monotonic() - began_at
            self._takes_seconds += (took_seconds - self._takes_seconds) / RECORDS_OF_A_MEAN
