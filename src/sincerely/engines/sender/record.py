"""The recorder: what was heard and what begins, in the journal; the rest in batches.

`turn` makes the outcome of one mail and the beginning of the next durable (scribe.py). The thread
here does the rest beside it, many mails to a transaction: it settles the outcomes that have
gathered and asks the gate for mails that are next in line, marking them 'dialling': cleared to
leave. The gate's word is as old as the beginning of that transaction; who uses it looks at its age.
A database that cannot be written (full disk, lock, restart) is asked again with the same batch
until it works: outcomes are never dropped.

Everything is gathered on the event loop's thread, so nothing here needs a lock.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Sequence
from datetime import datetime
from queue import SimpleQueue
from typing import NamedTuple

import structlog
from django.db import DatabaseError, close_old_connections, connection, transaction

from sincerely.apps.engagement.queries import capture_store
from sincerely.apps.sending.actions import outbox
from sincerely.apps.sending.actions.outbox import LOST
from sincerely.apps.sending.actions.pressure import LATER, hold_back
from sincerely.apps.sending.actions.turns import turn_over
from sincerely.apps.sending.queries.gate import WAIT, verdicts
from sincerely.apps.sending.queries.sql import go_by_keys
from sincerely.engines.sender.journal import Journal, Key
from sincerely.engines.sender.ready import Ready
from sincerely.engines.sender.scribe import Scribe
from sincerely.engines.sender.settling import Settling
from sincerely.wire import clock, metrics
from sincerely.wire.capture import FAILURES
from sincerely.wire.smtp.replies import Outcome

log = structlog.get_logger("sender")
MOST_PER_COMMIT = 200
PAUSE_SECONDS = 0.5
# How long outcomes wait for each mail of the last batch, where nobody asks: they are durable.
GATHER_SECONDS = 0.001
MOMENT_SECONDS = 0.01
GO = ""


class Words(NamedTuple):
    """What the gate said of mails, by message, and the moment before it was asked."""

    said: dict[int, str]
    at: float


class _Question(NamedTuple):
    """Mails that want to leave, and who asks."""

    mails: Sequence[Ready]
    answer: asyncio.Future[Words]


class _Batch(NamedTuple):
    """What one transaction writes."""

    heard: list[tuple[Ready, Outcome]]
    questions: list[_Question]

    @property
    def mails(self) -> list[Ready]:
        """All that want to leave."""
        return [mail for question in self.questions for mail in question.mails]


class Recorder:
    """Takes turns and questions on the event loop's thread, writes them on others."""

    def __init__(self, loop: asyncio.AbstractEventLoop, journal: Journal) -> None:
        self._loop = loop
        self._scribe = Scribe(loop, journal)
        self._heard: list[tuple[Ready, Outcome]] = []
        self._questions: list[_Question] = []
        self._inbox: SimpleQueue[_Batch | None] = SimpleQueue()
        self._is_busy = False
        self._alarm: asyncio.TimerHandle | None = None
        self._next_at = self._moment_until = 0.0
        self._noted = clock.now()
        self._thread = threading.Thread(target=self._work, name="recorder", daemon=True)

    def start(self) -> None:
        """Start writing."""
        self._scribe.start()
        self._thread.start()

    @property
    def is_lost(self) -> bool:
        """Somebody took the journal over: nothing must leave any more."""
        return self._scribe.is_lost

    def turn(
        self, *, done: Ready | None, outcome: Outcome | None, following: Ready | None
    ) -> asyncio.Future[bool]:
        """Write down what became of a mail and that the next begins; True when that is durable.

        The next has been cleared. False: the journal is lost, and nothing must leave. Call it on
        the event loop's thread.
        """
        heard = None
        if done is not None and outcome is not None:
            heard = (key_of(done), self.tell(done, outcome))
        return self._scribe.turn(heard, None if following is None else key_of(following))

    def tell(self, mail: Ready, outcome: Outcome) -> Outcome:
        """Take an outcome for the messages themselves; return it with the moment."""
        heard = Outcome(
            outcome.stage, outcome.reply, is_unknown=outcome.is_unknown, at=self._moment()
        )
        self._heard.append((mail, heard))
        self._hand_on_soon()
        return heard

    def _moment(self) -> datetime:
        """Return now, to a hundredth of a second: outcomes of one moment are written as one."""
        at = self._loop.time()
        if at >= self._moment_until:
            self._moment_until, self._noted = at + MOMENT_SECONDS, clock.now()
        return self._noted

    def clear(self, mails: Sequence[Ready]) -> asyncio.Future[Words]:
        """Ask the gate for mails; whoever it lets pass is 'dialling' under this claim."""
        question = _Question(mails, self._loop.create_future())
        self._questions.append(question)
        self._hand_on()
        return question.answer

    def close(self) -> None:
        """Write what waits and end; no turn comes any more."""
        self._scribe.close()
        self._inbox.put(_Batch(self._heard, []))
        self._inbox.put(None)
        self._thread.join(30)

    def _hand_on_soon(self) -> None:
        """Let outcomes gather, the longer the more there were lately."""
        if len(self._heard) >= MOST_PER_COMMIT:
            self._hand_on()
        elif self._alarm is None:
            self._alarm = self._loop.call_later(self._next_at - self._loop.time(), self._hand_on)

    def _hand_on(self) -> None:
        """Give what has gathered to the thread that writes."""
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        if self._is_busy or not (self._heard or self._questions):
            return
        self._is_busy = True
        heard, self._heard = self._heard[:MOST_PER_COMMIT], self._heard[MOST_PER_COMMIT:]
        self._inbox.put(_Batch(heard, self._questions))
        self._questions = []

    def _answer(self, batch: _Batch, words: Words) -> None:
        """Tell who asked; what the messages say by now need not stay in the journal."""
        self._is_busy = False
        size = len(batch.heard) + len(words.said)
        self._next_at = self._loop.time() + GATHER_SECONDS * size
        self._scribe.forget([key_of(mail) for mail, _ in batch.heard])
        self._scribe.forget([key_of(mail) for mail in batch.mails if words.said[mail.message.id]])
        for question in batch.questions:
            if not question.answer.done():
                question.answer.set_result(words)
        if self._questions:
            self._hand_on()
        elif self._heard:
            self._hand_on_soon()

    def _work(self) -> None:
        try:
            while (batch := self._inbox.get()) is not None:
                words = self._write_until_it_works(batch)
                with contextlib.suppress(RuntimeError):  # the loop has ended: nobody waits
                    self._loop.call_soon_threadsafe(self._answer, batch, words)
        finally:
            capture_store().close()
            connection.close()

    def _write_until_it_works(self, batch: _Batch) -> Words:
        while True:
            asked_at = time.monotonic()
            try:
                if connection.connection is None:  # the first, or a new one after a loss
                    go_by_keys()
                said = _written(batch)
                metrics.works(log, "outcomes cannot be written")
                return Words(said, asked_at)
            except (DatabaseError, *FAILURES):
                metrics.fails(log, "outcomes cannot be written", waiting=len(batch.heard))
                threading.Event().wait(PAUSE_SECONDS)
                close_old_connections()
                if not connection.is_usable():
                    connection.close()


def key_of(mail: Ready) -> Key:
    """Return what the journal calls a mail."""
    return Key(mail.message.id, mail.message.fence)


def _written(batch: _Batch) -> dict[int, str]:
    """Write one batch; return what the gate says, by message."""
    settling = Settling(clock.now())
    for mail, outcome in batch.heard:
        settling.sort(mail.message, outcome, is_repeatable=mail.is_repeatable)
    mails = batch.mails
    said = None
    if mails and not settling.holds:
        candidates = [(mail.message, mail.shown) for mail in mails]
        said = turn_over(settling.settlements, candidates, now=settling.now)
    if said is None:
        with transaction.atomic():
            settling.hold_and_settle()
            said = _ask_the_gate(mails, now=settling.now)
            _give_back(mails, said, settling)
    elif settling.returned or any(said.values()):
        with transaction.atomic():
            _give_back(mails, said, settling)
    settling.count()
    return said


def _ask_the_gate(mails: list[Ready], *, now: datetime) -> dict[int, str]:
    """Dial those who may leave; return what was said of each."""
    said = verdicts([mail.message for mail in mails], now=now)
    said |= hold_back([m.message for m in mails if said[m.message.id] == GO], now=now)
    granted = [(m.message, m.shown) for m in mails if said[m.message.id] == GO]
    dialled = outbox.dial(granted)
    return said | {message.id: LOST for message, _ in granted if message.id not in dialled}


def _give_back(mails: list[Ready], said: dict[int, str], settling: Settling) -> None:
    """Write down who does not leave: to be claimed again, or refused for good."""
    refused = [(m.message, said[m.message.id]) for m in mails if said[m.message.id]]
    refused = [each for each in refused if each[1] != LATER]
    waiting = [message for message, word in refused if word == WAIT]
    outbox.let_go([*settling.returned, *waiting])
    outbox.refuse([each for each in refused if each[1] not in (WAIT, LOST)], now=settling.now)
