"""A lane: the way of ready mail through one transport, over several SMTP connections.

Each connection is a worker: verbs of the next mail go out behind the content of the one before,
but its content only after the recorder has committed 'dialling' for it. A server that closes or
refuses sessions is left alone for a pause that doubles; other lanes are not touched.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace

import structlog

from sincerely.engines.sender.line import Line
from sincerely.engines.sender.ready import Ready
from sincerely.engines.sender.record import GO, Recorder
from sincerely.wire.smtp.client import Connection, ConnectionFailed, HandOver
from sincerely.wire.smtp.replies import Outcome, Reply, Stage
from sincerely.wire.smtp.session import Route, open_connection

log = structlog.get_logger("sender")
IDLE_SECONDS = 5.0
FRESH_SECONDS = (
    0.5  # the gate's word is good for so long: nobody gets content a second after leaving
)
FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 120.0
# Sessions that may end at the same mail before it was answered for at all: after so many it is put
# off like one that was refused for now, else it would come first again and again.
ENDS_AT_ONE_MAIL = 3
UNSENDABLE = Outcome(Stage.RECIPIENT, Reply(553, "5.1.3 The address cannot be written down."))


@dataclass(frozen=True, slots=True)
class Shape:
    """How many connections a lane has, and how many mails go over one."""

    connection_count: int = 4
    per_connection_count: int = 100


class Lane(Line):
    """Workers of one transport; lives on the event loop."""

    def __init__(
        self,
        route: Route,
        shape: Shape,
        recorder: Recorder,
        *,
        note: Callable[[str], None],
        hungry: Callable[[], None],
    ) -> None:
        super().__init__(shape.connection_count, hungry=hungry)
        self.route = route
        self.shape = shape
        self._recorder = recorder
        self._note = note
        self._failures = 0
        self._ends: Counter[int] = Counter()  # sessions that ended at a mail, by message
        self._free_at = 0.0

    async def _work(self) -> None:
        while not self._is_stopping:
            mail = await self._queue.get()
            if mail is None:
                return
            connection = await self._connected()
            if connection is None:
                return
            try:
                await self._session(connection, mail)
            except Exception:  # one broken session must not end the worker
                log.exception("session broke")
            finally:
                await connection.quit()

    async def _connected(self) -> Connection | None:
        """Return a session, however long it takes; None when the lane stops."""
        loop = asyncio.get_running_loop()
        while not self._is_stopping:
            pause = self._free_at - loop.time()
            if pause > 0:
                await asyncio.sleep(min(pause, 0.5))
                continue
            try:
                connection = await open_connection(self.route)
            except ConnectionFailed as failure:
                self._back_off(str(failure.reply.text if failure.reply else failure))
                continue
            self._note("")
            return connection
        return None

    def _back_off(self, words: str) -> None:
        """Leave the server alone for a while; one failure counts once for all connections."""
        loop = asyncio.get_running_loop()
        if self._free_at > loop.time():
            return
        pause = min(FIRST_PAUSE_SECONDS * 2**self._failures, LONGEST_PAUSE_SECONDS)
        self._failures += 1
        self._free_at = loop.time() + pause
        self._note(words or "The server does not answer.")
        log.warning("server left alone", pause_seconds=pause, reason=words[:120])

    async def _session(self, connection: Connection, mail: Ready) -> None:
        """Hand over mail after mail until the connection, its share or the queue ends."""
        current, step = mail, _announce(connection, mail)
        verdict = self._recorder.turn(done=None, outcome=None, following=mail)
        while True:
            if (said := await self._still_good(verdict, step, current)) != GO:
                connection.abort()  # its verbs are out, its content must not follow
                self._drop(current, said)
                return
            outcome, following = await self._deliver(connection, step, current)
            if following is None and self._has_room(connection):
                following = self._announced(connection, self._next())
            upcoming = following[0] if following else None
            verdict = self._recorder.turn(done=current, outcome=outcome, following=upcoming)
            self._learn(outcome)
            if following is None:
                await verdict
                if not self._has_room(connection):
                    return
                following = self._announced(connection, await self._later())
                if following is None:
                    return
                verdict = self._recorder.turn(done=None, outcome=None, following=following[0])
            current, step = following

    async def _still_good(self, verdict: asyncio.Future[str], step: HandOver, mail: Ready) -> str:
        """Return the gate's word, no older than the moment at which the content may leave."""
        while (said := await verdict) == GO:
            heard_at = asyncio.get_running_loop().time()
            await step.ready
            if asyncio.get_running_loop().time() - heard_at < FRESH_SECONDS:
                break
            verdict = self._recorder.turn(done=None, outcome=None, following=mail)
        return said

    async def _deliver(
        self, connection: Connection, step: HandOver, mail: Ready
    ) -> tuple[Outcome, tuple[Ready, HandOver] | None]:
        """Send the content once the server waits for it, the next mail's verbs behind it."""
        following = None
        if await step.ready:
            connection.deliver(step, mail.content, may_hold_dots=False)
            if connection.pipelines and self._has_room(connection, ahead=1):
                following = self._announced(connection, self._next())
        return self._blamed(mail, step, await step.outcome), following

    def _blamed(self, mail: Ready, step: HandOver, outcome: Outcome) -> Outcome:
        """Return the outcome; sessions that end again and again at one mail end because of it."""
        if outcome.stage is not Stage.CONNECT:
            self._ends.pop(mail.message.id, None)
            return outcome
        if step.met_the_end:
            self._ends[mail.message.id] += 1
        if self._ends[mail.message.id] < ENDS_AT_ONE_MAIL:
            return outcome
        del self._ends[mail.message.id]
        return replace(outcome, stage=Stage.RECIPIENT)

    def _has_room(self, connection: Connection, *, ahead: int = 0) -> bool:
        has_share = connection.delivered_count + ahead < self.shape.per_connection_count
        return has_share and not connection.is_closed and not self._is_stopping

    def _learn(self, outcome: Outcome) -> None:
        """A closed session slows the lane down, a delivered mail clears that."""
        has_ended = outcome.reply is None or outcome.reply.code == 421
        if outcome.stage is Stage.CONNECT or has_ended:
            self._back_off(outcome.reply.text if outcome.reply else "")
        elif outcome.is_accepted:
            self._failures = 0

    @staticmethod
    def _announced(connection: Connection, mail: Ready | None) -> tuple[Ready, HandOver] | None:
        return None if mail is None else (mail, _announce(connection, mail))

    def _next(self) -> Ready | None:
        try:
            mail = self._queue.get_nowait()
        except asyncio.QueueEmpty:
            return None
        self._taken()
        if mail is None:
            self._queue.put_nowait(None)
        return mail

    async def _later(self) -> Ready | None:
        """Wait a little for more mail before the connection is given up."""
        try:
            async with asyncio.timeout(IDLE_SECONDS):
                mail = await self._queue.get()
        except TimeoutError:
            return None
        if mail is None:
            self._queue.put_nowait(None)
        return mail

    def _drop(self, refused: Ready, said: str) -> None:
        """A paused or ended mailing: ask the gate for all its waiting mail without verbs."""
        if said not in ("wait", "cancelled"):
            return
        waiting: list[Ready | None] = []
        while not self._queue.empty():
            waiting.append(self._queue.get_nowait())
        for mail in waiting:
            if mail is None or mail.message.mailing_id != refused.message.mailing_id:
                self._queue.put_nowait(mail)
            else:
                self._recorder.turn(done=mail, outcome=Outcome(Stage.CONNECT, None), following=None)


def _announce(connection: Connection, mail: Ready) -> HandOver:
    """Put the verbs on the wire; an address that cannot stand there is refused on the spot."""
    try:
        return connection.announce(mail.sender, mail.recipient)
    except ValueError:
        loop = asyncio.get_running_loop()
        step = HandOver(b"", b"", loop.create_future(), loop.create_future())
        step.decide(UNSENDABLE)
        return step
