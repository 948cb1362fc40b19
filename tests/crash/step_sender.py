"""A sender whose steps a test takes one by one, so that it can die between any two of them.

It claims, writes and records with the sender's own parts; only the wire is missing: the test says
what the receiving server answers.
"""

from __future__ import annotations

import asyncio

from sincerely.apps.sending.actions.outbox import LOST
from sincerely.apps.sending.queries.outbox import claimable, dispatches
from sincerely.engines.sender.owner import Owner
from sincerely.engines.sender.prepare import PressRoom
from sincerely.engines.sender.ready import Ready
from sincerely.engines.sender.record import GO, Recorder
from sincerely.engines.sender.recover import recover_from, take_over
from sincerely.wire import clock
from sincerely.wire.smtp.replies import Outcome


class StepSender:
    """`queue` is rendered and waits, `abroad` has been granted and its outcome is not recorded."""

    def __init__(self) -> None:
        self.owner = Owner()
        self._loop = asyncio.new_event_loop()
        self._recorder = _Mortal(self._loop, self.owner.appear())
        self.queue: list[Ready] = []
        self.abroad: dict[int, Ready] = {}
        self._room = PressRoom(owner=self.owner.name)
        self._recorder.start()

    def claim(self, limit: int) -> None:
        """Claim and write mail of each mailing that has some due."""
        now = clock.now()
        due = [mailing_id for mailing_id, _ in claimable(now)]
        for mailing in dispatches(due).values():
            for batch in self._room.begin(mailing, now=now, limit=limit):
                self.queue += self._room.finish(batch)

    def forget(self) -> None:
        """Give back what is not cleared, as where the database failed; the queue knows nothing."""
        self._room.forget()

    def clear(self, mail: Ready) -> str:
        """Ask the gate for a mail that does not begin yet."""

        async def said() -> str:
            words = await self._recorder.clear([mail])
            return words.said[mail.message.id]

        return self._loop.run_until_complete(said())

    def turn(self, done: Ready | None, outcome: Outcome | None, following: Ready | None) -> str:
        """One turn: the gate for the next mail, and in the journal an outcome, a beginning or both.

        What was heard comes into the messages with the next question to the gate, or never.
        """

        async def said() -> str:
            word, begins = GO, following
            if following is not None:
                words = await self._recorder.clear([following])
                word = words.said[following.message.id]
                begins = following if word == GO else None
            turn = self._recorder.turn(done=done, outcome=outcome, following=begins)
            return word if await turn else LOST

        word = self._loop.run_until_complete(said())
        if done is not None:
            self.abroad.pop(done.message.id, None)
        if following is not None and word == GO:
            self.abroad[following.message.id] = following
        return word

    def look_after_the_dead(self) -> None:
        """Take over from senders that have died."""
        take_over(self.owner.name, now=clock.now())

    def die(self) -> None:
        """End without a word: messages and journal stay as they are."""
        self._recorder.abandon()
        self._end()

    def stop(self) -> None:
        """End in order: give back what is left."""
        self._recorder.close()
        if not self._recorder.is_lost:
            recover_from(self.owner.name, now=clock.now())
        self._end()

    def _end(self) -> None:
        self._room.close()
        self._loop.close()
        self.owner.leave()


class _Mortal(Recorder):
    """A recorder that writes what it heard with the next question, and can end without."""

    def _hand_on_soon(self) -> None:
        """Not by the clock: the test decides."""

    def abandon(self) -> None:
        """Forget what is not in the messages yet, and end."""
        self._heard.clear()
        self.close()
