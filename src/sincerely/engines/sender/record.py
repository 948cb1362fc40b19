"""The recorder: one thread writes outcomes and asks the gate, many turns per commit.

While one transaction is being committed, the turns of all connections that finish meanwhile gather;
they make the next one as soon as nobody is out any more, or two milliseconds later. A commit costs
more than the mails in it: one of ten mails leaves more of the processor to the server that takes
them than two of five. A turn's future is done only after the commit, so 'dialling' is durable
before the first byte of content. A database that cannot be written (full disk, lock, restart) is
asked again with the same turns until it works: outcomes are never dropped.

Turns are gathered on the event loop's thread, so nothing here needs a lock.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from queue import SimpleQueue

import structlog
from django.db import DatabaseError, close_old_connections, connection, transaction

from sincerely.apps.engagement.queries import capture_store
from sincerely.apps.sending.actions import outbox, place_hold
from sincerely.apps.sending.actions.outbox import LOST, Claimed, Settlement
from sincerely.apps.sending.actions.pressure import LATER, hold_back
from sincerely.apps.sending.actions.turns import turn_over
from sincerely.apps.sending.models import State
from sincerely.apps.sending.queries.gate import WAIT, verdicts
from sincerely.apps.sending.queries.messages import first_attempt_at
from sincerely.apps.sending.queries.sql import go_by_keys
from sincerely.apps.sending.rules import retry
from sincerely.apps.sending.rules.holds import Why, reason_of
from sincerely.engines.sender.ready import Ready
from sincerely.wire import clock, metrics
from sincerely.wire.capture import FAILURES
from sincerely.wire.smtp.replies import Outcome, Reply, Stage

log = structlog.get_logger("sender")
MOST_PER_COMMIT = 200
PAUSE_SECONDS = 0.5
# How long a turn waits for others: fewer commits at a fast server, nothing lost at a slow one.
LINGER_SECONDS = 0.002
# What stands for an answer where the session ended at this recipient, before any content.
CUT_SHORT = Reply(421, "The server ended the session at this recipient.")
GO = ""
ACCEPTED = State.ACCEPTED.value


@dataclass(slots=True)
class Turn:
    """What one connection wants written: the outcome of its mail, the gate for its next."""

    done: Ready | None
    outcome: Outcome | None
    following: Ready | None
    answer: asyncio.Future[str]


@dataclass(slots=True)
class _Commit:
    """What one transaction writes, besides what the gate lets pass."""

    now: datetime
    settlements: list[Settlement] = field(default_factory=list)
    returned: list[Claimed] = field(default_factory=list)
    holds: list[tuple[int, str]] = field(default_factory=list)

    def sort(self, ready: Ready, outcome: Outcome) -> None:
        """Put an outcome where it belongs: settled, or given back untouched."""
        refuses_us = outcome.stage is Stage.SENDER and outcome.reply and outcome.reply.code >= 500
        if refuses_us and outcome.reply:
            reason = reason_of(Why.SENDER_REFUSED, outcome.reply.text)
            self.holds.append((ready.message.mailing_id, reason))
        if refuses_us or (outcome.stage is Stage.CONNECT):
            self.returned.append(ready.message)
        else:
            self.settlements.append(settlement_of(ready, outcome, now=self.now))

    def hold_and_settle(self) -> None:
        """Write holds and outcomes, in the caller's transaction."""
        for mailing_id, reason in self.holds:
            place_hold(mailing_id=mailing_id, reason=reason, placed_by="sender", now=self.now)
        outbox.settle(self.settlements, now=self.now)


class Recorder:
    """Takes turns on the event loop's thread and commits them on its own."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._waiting: list[Turn] = []
        self._inbox: SimpleQueue[list[Turn] | None] = SimpleQueue()
        self._is_busy = False
        self._alarm: asyncio.TimerHandle | None = None
        self._abroad: set[int] = set()  # granted, their outcome not heard
        self._thread = threading.Thread(target=self._work, name="recorder", daemon=True)

    def start(self) -> None:
        """Start writing."""
        self._thread.start()

    def turn(
        self, *, done: Ready | None, outcome: Outcome | None, following: Ready | None
    ) -> asyncio.Future[str]:
        """Queue a turn; its future gives '' where the following mail may leave, else why not.

        Call it on the event loop's thread.
        """
        turn = Turn(done, outcome, following, self._loop.create_future())
        self._waiting.append(turn)
        if done is not None:
            self._abroad.discard(done.message.id)
        if not self._is_busy:
            if not self._abroad:
                self._hand_on()
            elif self._alarm is None:
                self._alarm = self._loop.call_later(LINGER_SECONDS, self._hand_on)
        return turn.answer

    def close(self) -> None:
        """Write what waits and end; no turn comes any more."""
        self._inbox.put(None)
        self._thread.join(30)

    def _hand_on(self) -> None:
        """Give what has gathered to the thread that writes."""
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        if self._waiting and not self._is_busy:
            batch = self._waiting[:MOST_PER_COMMIT]
            self._waiting = self._waiting[MOST_PER_COMMIT:]
            self._is_busy = True
            self._inbox.put(batch)

    def _answer(self, batch: list[Turn], answers: list[str]) -> None:
        """Tell the connections, then look whether enough of them wait already."""
        self._is_busy = False
        for turn, answer in zip(batch, answers, strict=True):
            if turn.following is not None and answer == GO:
                self._abroad.add(turn.following.message.id)
            if not turn.answer.done():
                turn.answer.set_result(answer)
        if self._waiting and not self._abroad:
            self._hand_on()
        elif self._waiting:
            self._alarm = self._loop.call_later(LINGER_SECONDS, self._hand_on)

    def _work(self) -> None:
        try:
            while (batch := self._inbox.get()) is not None:
                answers = self._write_until_it_works(batch)
                with contextlib.suppress(RuntimeError):  # the loop has ended: nobody waits
                    self._loop.call_soon_threadsafe(self._answer, batch, answers)
            if self._waiting:
                self._write_until_it_works(self._waiting)
        finally:
            capture_store().close()
            connection.close()

    def _write_until_it_works(self, batch: list[Turn]) -> list[str]:
        while True:
            try:
                if connection.connection is None:  # the first, or a new one after a loss
                    go_by_keys()
                answers = self._write(batch)
                metrics.works(log, "outcomes cannot be written")
                return answers
            except (DatabaseError, *FAILURES):
                metrics.fails(log, "outcomes cannot be written", waiting=len(batch))
                threading.Event().wait(PAUSE_SECONDS)
                close_old_connections()
                if not connection.is_usable():
                    connection.close()

    def _write(self, batch: list[Turn]) -> list[str]:
        commit = _Commit(clock.now())
        for turn in batch:
            if turn.done is not None and turn.outcome is not None:
                commit.sort(turn.done, turn.outcome)
        followers = [turn.following for turn in batch if turn.following is not None]
        said = None
        if followers and not commit.holds:
            candidates = [(ready.message, ready.shown) for ready in followers]
            said = turn_over(commit.settlements, candidates, now=commit.now)
        if said is None:
            with transaction.atomic():
                commit.hold_and_settle()
                said = _ask_the_gate(followers, now=commit.now)
                _give_back(followers, said, commit)
        elif commit.returned or any(said.values()):
            with transaction.atomic():
                _give_back(followers, said, commit)
        for state, count in Counter(s.state for s in commit.settlements).items():
            metrics.SETTLED.labels(state).inc(count)
        return [said[turn.following.message.id] if turn.following else GO for turn in batch]


def _ask_the_gate(followers: list[Ready], *, now: datetime) -> dict[int, str]:
    """Dial those who may leave; return what was said of each."""
    said = verdicts([ready.message for ready in followers], now=now)
    said |= hold_back([r.message for r in followers if said[r.message.id] == GO], now=now)
    granted = [(r.message, r.shown) for r in followers if said[r.message.id] == GO]
    dialled = outbox.dial(granted)
    return said | {message.id: LOST for message, _ in granted if message.id not in dialled}


def _give_back(followers: list[Ready], said: dict[int, str], commit: _Commit) -> None:
    """Write down who does not leave: to be claimed again, or refused for good."""
    refused = [
        (r.message, said[r.message.id]) for r in followers if said[r.message.id] not in (GO, LATER)
    ]
    waiting = [message for message, word in refused if word == WAIT]
    outbox.let_go([*commit.returned, *waiting])
    outbox.refuse([each for each in refused if each[1] not in (WAIT, LOST)], now=commit.now)


def settlement_of(ready: Ready, outcome: Outcome, *, now: datetime) -> Settlement:
    """Return what to write for an outcome."""
    message = ready.message
    if outcome.is_accepted and outcome.reply is not None:
        code, text = outcome.reply.code, outcome.reply.text
        return Settlement(message, ACCEPTED, code, text, finished_at=now)
    if outcome.reply is None and outcome.stage in (Stage.RECIPIENT, Stage.DATA):
        outcome = replace(outcome, reply=CUT_SHORT)
    if outcome.reply is None:
        if ready.is_repeatable:
            return Settlement(
                message, State.DEFERRED, due_at=now + retry.pause_after(message.attempt_count + 1)
            )
        return Settlement(
            message,
            State.UNKNOWN,
            text="The connection was lost before the server answered.",
            finished_at=now,
        )
    code, text = outcome.reply.code, outcome.reply.text
    first_at = first_attempt_at(message.id) if 400 <= code < 500 and message.attempt_count else now
    judgement = retry.judge(
        code,
        text,
        at_recipient=outcome.stage in (Stage.RECIPIENT, Stage.CONTENT),
        attempt_count=message.attempt_count + 1,
        first_at=first_at or now,
        now=now,
    )
    match judgement:
        case retry.Accepted():
            return Settlement(message, ACCEPTED, code, text, finished_at=now)
        case retry.Later(at=at):
            return Settlement(message, State.DEFERRED, code, text, due_at=_spread(at, message.id))
        case retry.Failed(is_dead=is_dead, is_expired=is_expired):
            return Settlement(
                message,
                State.FAILED,
                code,
                text,
                reason="expired" if is_expired else "hard_bounce" if is_dead else "",
                finished_at=now,
                suppresses=is_dead,
            )


def _spread(at: datetime, number: int) -> datetime:
    """A few seconds apart, so that a wave of refusals does not come back as a wave."""
    return at + timedelta(seconds=number % 60)
