"""The recorder: one thread writes outcomes and asks the gate, many turns per commit.

While one transaction is being committed, the turns of all connections that finish meanwhile gather;
they make the next one. A turn's future is done only after the commit, so 'dialling' is durable
before the first byte of content. A database that cannot be written (full disk, lock, restart) is
asked again with the same turns until it works: outcomes are never dropped.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog
from django.db import DatabaseError, close_old_connections, connection, transaction

from sincerely.apps.engagement.queries import capture_store
from sincerely.apps.sending.actions import outbox, place_hold
from sincerely.apps.sending.actions.outbox import Claimed, Settlement
from sincerely.apps.sending.models import State
from sincerely.apps.sending.queries.gate import WAIT, verdicts
from sincerely.apps.sending.queries.messages import first_attempt_at
from sincerely.apps.sending.rules import retry
from sincerely.engines.sender.ready import Ready
from sincerely.wire import clock
from sincerely.wire.smtp.replies import Outcome, Reply, Stage

log = structlog.get_logger("sender")
MOST_PER_COMMIT = 200
PAUSE_SECONDS = 0.5
# How long a turn waits for the others that are under way: half as many commits at a fast server.
LINGER_SECONDS = 0.002
# What stands for an answer where the session ended at this recipient, before any content.
CUT_SHORT = Reply(421, "The server ended the session at this recipient.")
GO = ""
LOST = "lost"  # taken over by another sender meanwhile


@dataclass(slots=True)
class Turn:
    """What one connection wants written: the outcome of its mail, the gate for its next."""

    done: Ready | None
    outcome: Outcome | None
    following: Ready | None
    answer: asyncio.Future[str]


class Recorder:
    """Takes turns on the event loop's thread and commits them on its own."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._waiting: list[Turn] = []
        self._wake = threading.Condition()
        self._is_closing = False
        self._abroad: set[int] = set()  # granted, their outcome not heard; the recorder's thread
        self._thread = threading.Thread(target=self._work, name="recorder", daemon=True)
        self.accepted_count = 0
        self.commit_count = 0

    def start(self) -> None:
        """Start writing."""
        self._thread.start()

    def turn(
        self, *, done: Ready | None, outcome: Outcome | None, following: Ready | None
    ) -> asyncio.Future[str]:
        """Queue a turn; its future gives '' where the following mail may leave, else why not."""
        answer: asyncio.Future[str] = self._loop.create_future()
        with self._wake:
            self._waiting.append(Turn(done, outcome, following, answer))
            self._wake.notify()
        return answer

    def close(self) -> None:
        """Write what waits and end."""
        with self._wake:
            self._is_closing = True
            self._wake.notify()
        self._thread.join(30)

    def _work(self) -> None:
        try:
            while True:
                with self._wake:
                    self._wake.wait_for(lambda: self._waiting or self._is_closing)
                    self._wake.wait_for(self._is_worth_a_commit, LINGER_SECONDS)
                    batch = self._waiting[:MOST_PER_COMMIT]
                    del self._waiting[:MOST_PER_COMMIT]
                if not batch:
                    return
                answers = self._write_until_it_works(batch)
                with contextlib.suppress(RuntimeError):  # the loop has ended: nobody waits
                    self._loop.call_soon_threadsafe(_answer, batch, answers)
        finally:
            capture_store().close()
            connection.close()

    def _is_worth_a_commit(self) -> bool:
        return self._is_closing or len(self._waiting) >= min(len(self._abroad), MOST_PER_COMMIT)

    def _write_until_it_works(self, batch: list[Turn]) -> list[str]:
        while True:
            try:
                return self._write(batch)
            except (DatabaseError, OSError):
                log.exception("outcomes cannot be written", waiting=len(batch))
                threading.Event().wait(PAUSE_SECONDS)
                close_old_connections()
                if not connection.is_usable():
                    connection.close()

    def _write(self, batch: list[Turn]) -> list[str]:
        now = clock.now()
        settlements: list[Settlement] = []
        returned: list[Claimed] = []
        followers = [turn.following for turn in batch if turn.following is not None]
        with transaction.atomic():
            for turn in batch:
                if turn.done is not None and turn.outcome is not None:
                    self._judge(
                        turn.done,
                        turn.outcome,
                        now=now,
                        settlements=settlements,
                        returned=returned,
                    )
            outbox.settle(settlements, now=now)
            said = verdicts([ready.message for ready in followers], now=now)
            granted = [(r.message, r.shown) for r in followers if said[r.message.id] == GO]
            dialled = outbox.dial(granted)
            said |= {m.id: LOST for m, _ in granted if m.id not in dialled}
            returned += [r.message for r in followers if said[r.message.id] == WAIT]
            outbox.let_go(returned)
            outbox.refuse(
                [
                    (r.message, said[r.message.id])
                    for r in followers
                    if said[r.message.id] not in (GO, WAIT, LOST)
                ],
                now=now,
            )
        self._abroad.difference_update(t.done.message.id for t in batch if t.done is not None)
        self._abroad.difference_update(said)
        self._abroad.update(dialled)
        self.commit_count += 1
        self.accepted_count += sum(s.state == State.ACCEPTED for s in settlements)
        return [said[t.following.message.id] if t.following else GO for t in batch]

    def _judge(
        self,
        ready: Ready,
        outcome: Outcome,
        *,
        now: datetime,
        settlements: list[Settlement],
        returned: list[Claimed],
    ) -> None:
        """Put the outcome where it belongs: settled, or given back untouched."""
        refuses_us = outcome.stage is Stage.SENDER and outcome.reply and outcome.reply.code >= 500
        if refuses_us and outcome.reply:
            place_hold(
                mailing_id=ready.message.mailing_id,
                reason=f"The server refuses the sender: {outcome.reply.text}"[:200],
                placed_by="sender",
                now=now,
            )
        if refuses_us or (outcome.stage is Stage.CONNECT):
            returned.append(ready.message)
        else:
            settlements.append(settlement_of(ready, outcome, now=now))


def settlement_of(ready: Ready, outcome: Outcome, *, now: datetime) -> Settlement:
    """Return what to write for an outcome."""
    message = ready.message
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
            return Settlement(message, State.ACCEPTED, code, text, finished_at=now)
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


def _answer(batch: list[Turn], answers: list[str]) -> None:
    for turn, answer in zip(batch, answers, strict=True):
        if not turn.answer.done():
            turn.answer.set_result(answer)
