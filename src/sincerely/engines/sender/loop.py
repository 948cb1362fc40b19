"""The sender's loop: a feeding thread claims and prepares, the event loop hands over.

Four kinds of threads: this one (the event loop with all connections), the feeder (database and
rendering), the scribe (the journal) and the recorder (outcomes and the gate). What is prepared
ahead is bounded, so memory does not grow with the mailing.
"""

from __future__ import annotations

import asyncio
import sys
import threading
import time
from collections import deque

import psycopg
import structlog
from django.db import DatabaseError, close_old_connections, connection

from sincerely.apps.sending.actions.outbox import note_trouble, recover
from sincerely.apps.sending.models import Dispatch
from sincerely.apps.sending.queries.outbox import claimable, dispatches
from sincerely.engines.sender.journal import Journal
from sincerely.engines.sender.lanes import AnyLane, Lanes
from sincerely.engines.sender.owner import Owner, names_left
from sincerely.engines.sender.prepare import Batch, PressRoom
from sincerely.engines.sender.record import Recorder
from sincerely.engines.sender.recover import recover_from, take_over
from sincerely.engines.sender.seats import Seats
from sincerely.wire import clock, metrics

log = structlog.get_logger("sender")
BATCH = 400
IDLE_SECONDS = 0.1  # also the rhythm of looking for new mailings; a hungry lane asks at once
TAKE_OVER_SECONDS = 2.0
NAMES_SECONDS = 0.25
SWITCH_SECONDS = 0.0005  # loop and recorder must not wait 5 ms for the thread that renders
KNOWN_SECONDS = 0.5  # how long what mailings say of themselves is believed; the gate asks anew
TROUBLE_SECONDS = 0.5
TROUBLE = "the database cannot be used"
LOST = (DatabaseError, psycopg.Error)  # the second by sessions of the owner's and the journal's


class Sender:
    """One sender; `run` returns when `stop` is set and everything is written."""

    def __init__(self, stop: threading.Event) -> None:
        self._stop = stop
        self._hungry = threading.Event()  # a lane runs low
        self._owner = Owner()
        self._seats = Seats(self._owner.name)
        self._room = PressRoom(owner=self._owner.name)
        self._troubles: dict[int, str] = {}
        self._looked_at = -TAKE_OVER_SECONDS
        self._names: set[str] = set()
        self._read_at = 0.0
        self._known: dict[int, Dispatch] = {}
        self._under_way: deque[tuple[AnyLane, Batch]] = deque()
        self._has_failed = False

    async def run(self) -> None:
        """Send until told to stop; then finish, record, give back what is left."""
        sys.setswitchinterval(SWITCH_SECONDS)
        loop = asyncio.get_running_loop()
        self._loop = loop
        journal = await asyncio.to_thread(self._appeared)
        if journal is None:
            return
        self._recorder = Recorder(loop, journal)
        self._recorder.start()
        self._lanes = Lanes(
            self._recorder,
            self._troubles.__setitem__,
            seats=self._seats,
            hungry=self._hungry.set,
        )
        feeder = threading.Thread(target=self._feed, name="feeder", daemon=True)
        feeder.start()
        await asyncio.to_thread(feeder.join)
        await self._lanes.stop()
        await asyncio.to_thread(self._leave)

    def _appeared(self) -> Journal | None:
        """Return the journal as soon as there is a database; None where this one is to stop."""
        while not self._stop.is_set():
            try:
                journal = self._owner.appear()
            except psycopg.Error:
                metrics.fails(log, TROUBLE)
                self._owner.leave()
                self._stop.wait(TROUBLE_SECONDS)
            else:
                metrics.works(log, TROUBLE)
                return journal
        return None

    def _leave(self) -> None:
        self._recorder.close()
        self._room.close()
        try:
            self._give_back()
        except LOST:
            log.exception("what is left waits for the next sender")
        self._owner.leave()
        connection.close()

    def _give_back(self) -> None:
        if self._recorder.is_lost:  # nothing has begun since: all that is ours by now goes back
            recover(self._owner.name, now=clock.now(), begun=())
        elif self._owner.lives():
            recover_from(self._owner.name, now=clock.now())

    def _feed(self) -> None:
        """Keep the lanes fed; on the feeder's thread."""
        try:
            while not self._stop.is_set():
                metrics.turned()
                try:
                    if self._has_failed:
                        self._under_way.clear()
                        self._room.forget()
                        self._has_failed = False
                    fed = self._step()
                    metrics.works(log, TROUBLE)
                except (*LOST, OSError):
                    metrics.fails(log, TROUBLE)
                    close_old_connections()
                    fed, self._has_failed = False, True
                    self._stop.wait(TROUBLE_SECONDS)
                if not fed:
                    self._hungry.wait(IDLE_SECONDS)
        finally:
            connection.close()

    def _step(self) -> bool:
        """Look after dead senders now and then, and give each hungry lane a batch."""
        now = clock.now()
        if self._has_to_look():
            if self._recorder.is_lost or not self._owner.lives():
                log.error("taken for dead by another sender: this one ends")
                self._stop.set()
                return False
            self._seats.share_with(take_over(self._owner.name, now=now))
            self._note_troubles()
        self._hungry.clear()
        fed = False
        due = [each for each in claimable(now) if self._lanes.are_hungry(each[1])]
        found = self._dispatches({mailing_id for mailing_id, _ in due}) if due else {}
        for mailing_id, _ in due:
            lane = self._lanes.of(found[mailing_id].transport)
            if not lane.is_hungry or self._stop.is_set():
                continue
            for batch in self._room.begin(found[mailing_id], now=now, limit=BATCH):
                self._under_way.append((lane, batch))
                self._finish(but=1 if batch.ticket else 0)
                fed = True
        if not fed and self._under_way:
            self._finish(but=0)
            fed = True
        return fed

    def _finish(self, *, but: int) -> None:
        """Feed what was begun, but for so many batches that may be written meanwhile."""
        while len(self._under_way) > but:
            lane, batch = self._under_way.popleft()
            if mails := self._room.finish(batch):
                self._loop.call_soon_threadsafe(lane.feed, mails)

    def _dispatches(self, mailing_ids: set[int]) -> dict[int, Dispatch]:
        """Return what mailings say of themselves, as it was a moment ago."""
        is_old = time.monotonic() - self._read_at > KNOWN_SECONDS
        if is_old or not mailing_ids <= self._known.keys():
            self._read_at, self._known = time.monotonic(), dispatches(mailing_ids)
        return self._known

    def _has_to_look(self) -> bool:
        """Say whether it is time to look around: now and then, and once somebody comes or goes."""
        since = time.monotonic() - self._looked_at
        if since < NAMES_SECONDS:
            return False
        names = names_left()
        if since < TAKE_OVER_SECONDS and names == self._names:
            return False
        self._looked_at, self._names = time.monotonic(), names
        return True

    def _note_troubles(self) -> None:
        """Tell the pages why a transport does not work, or that it does again."""
        for transport_id, words in list(self._troubles.items()):
            note_trouble(transport_id, words, now=clock.now())
            if self._troubles.get(transport_id) == words:
                self._troubles.pop(transport_id, None)
