"""A lane: the way of ready mail through one transport, over several SMTP connections.

Each connection is a worker: verbs of the next mail go out behind the content of the one before,
but its content only when the gate's word is fresh and the journal says that it begins. A server
that closes or refuses sessions is left alone for a pause that doubles; other lanes are not touched.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace

import structlog

from sincerely.engines.sender.line import UNTOUCHED, Cleared, Hall, Line
from sincerely.engines.sender.ready import Ready
from sincerely.wire.smtp.client import Connection, ConnectionFailed, HandOver
from sincerely.wire.smtp.replies import Outcome, Reply, Stage
from sincerely.wire.smtp.session import Route, open_connection

log = structlog.get_logger("sender")
IDLE_SECONDS = 5.0
SEAT_SECONDS = 0.25
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
        hall: Hall,
        *,
        note: Callable[[str], None],
    ) -> None:
        super().__init__(shape.connection_count, hall)
        self.route = route
        self.shape = shape
        self._note = note
        self._failures = 0
        self._ends: Counter[int] = Counter()  # sessions that ended at a mail, by message
        self._free_at = 0.0

    async def _work(self) -> None:
        while await self._may_connect() and (first := await self._later()) is not None:
            with self._seat(first) as has_seat:
                if has_seat:
                    await self._sit(first)

    async def _sit(self, first: Cleared) -> None:
        """Open a session and hand over what there is, this mail first."""
        connection = await self._connected()
        if connection is None:
            self._recorder.tell(first.mail, UNTOUCHED)
            return
        try:
            await self._session(connection, first)
        except Exception:  # one broken session must not end the worker
            log.exception("session broke")
        finally:
            await connection.quit()

    async def _may_connect(self) -> bool:
        """Wait while the server is left alone or all seats are taken; False when the lane stops."""
        loop = asyncio.get_running_loop()
        while not self._is_stopping:
            pause = self._free_at - loop.time()
            if self._seated_count >= self._seats():
                pause = max(pause, SEAT_SECONDS)
            if pause <= 0:
                break
            await asyncio.sleep(min(pause, 0.5))
        return not (self._is_stopping or self._recorder.is_lost)

    async def _connected(self) -> Connection | None:
        """Return a session; None where there is none now."""
        if self._free_at > asyncio.get_running_loop().time():
            return None
        try:
            connection = await open_connection(self.route)
        except ConnectionFailed as failure:
            self._back_off(str(failure.reply.text if failure.reply else failure))
            return None
        self._note("")
        return connection

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

    async def _session(self, connection: Connection, first: Cleared) -> None:
        """Hand over mail after mail until the connection, its share or the queue ends."""
        current, step = first, _announce(connection, first.mail)
        begun = self._recorder.turn(done=None, outcome=None, following=first.mail)
        while True:
            if not (await begun and await self._still_good(step, current)):
                connection.abort()  # its verbs are out, its content must not follow
                return
            outcome, following = await self._deliver(connection, step, current.mail)
            if following is None and self._has_room(connection):
                following = self._announced(connection, self._next())
            upcoming = following[0].mail if following else None
            begun = self._recorder.turn(done=current.mail, outcome=outcome, following=upcoming)
            self._learn(outcome)
            if following is None:
                if not (await begun and self._has_room(connection)):
                    return
                following = self._announced(connection, await self._soon())
                if following is None:
                    return
                upcoming = following[0].mail
                begun = self._recorder.turn(done=None, outcome=None, following=upcoming)
            current, step = following

    async def _still_good(self, step: HandOver, current: Cleared) -> bool:
        """Say whether the content may leave at the moment at which the server invites it."""
        return not await step.ready or await self._granted(current)

    async def _deliver(
        self, connection: Connection, step: HandOver, mail: Ready
    ) -> tuple[Outcome, tuple[Cleared, HandOver] | None]:
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
        has_seat = self._seated_count <= self._seats()
        return has_share and has_seat and not connection.is_closed and not self._is_stopping

    def _learn(self, outcome: Outcome) -> None:
        """A closed session slows the lane down, a delivered mail clears that."""
        has_ended = outcome.reply is None or outcome.reply.code == 421
        if outcome.stage is Stage.CONNECT or has_ended:
            self._back_off(outcome.reply.text if outcome.reply else "")
        elif outcome.is_accepted:
            self._failures = 0

    @staticmethod
    def _announced(
        connection: Connection, upcoming: Cleared | None
    ) -> tuple[Cleared, HandOver] | None:
        return None if upcoming is None else (upcoming, _announce(connection, upcoming.mail))

    async def _soon(self) -> Cleared | None:
        """Wait a little for more mail before the connection is given up."""
        try:
            async with asyncio.timeout(IDLE_SECONDS):
                return await self._later()
        except TimeoutError:
            return None


def _announce(connection: Connection, mail: Ready) -> HandOver:
    """Put the verbs on the wire; an address that cannot stand there is refused on the spot."""
    try:
        return connection.announce(mail.sender, mail.recipient)
    except ValueError:
        loop = asyncio.get_running_loop()
        step = HandOver(b"", b"", loop.create_future(), loop.create_future())
        step.decide(UNSENDABLE)
        return step
