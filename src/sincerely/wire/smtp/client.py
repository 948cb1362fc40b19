"""A pipelining SMTP client on asyncio's protocols, not its streams.

A message is handed over in two steps, so that the caller can make its decision durable in between:
`announce` puts MAIL, RCPT and DATA on the wire (behind the end of the message before, where the
server pipelines), `deliver` sends the content once `ready` says that the server waits for it. Own
code because aiosmtplib and smtplib cost 8–20 times the processor time per message and make four
round trips of it; this makes one. Without PIPELINING it goes step by step.

A refused recipient whose DATA is accepted all the same is ended by a lone dot. A connection
lost between content and its answer gives an outcome that is unknown, and says so.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import ssl
from collections import deque
from dataclasses import dataclass, field
from functools import lru_cache
from socket import IPPROTO_TCP, TCP_QUICKACK, socket
from typing import cast

from sincerely.wire.smtp.replies import Outcome, ProtocolBroken, Reply, ReplyReader, Stage

FORBIDDEN = re.compile(r"[\x00-\x20<>\x7f]")
STEPS = (Stage.SENDER, Stage.RECIPIENT, Stage.DATA)
NO_UTF8 = Reply(553, "5.6.7 The mail server takes no addresses with letters beyond ASCII.")


class ConnectionFailed(Exception):
    """No usable session: `reply` is the server's refusal, or None if there was no answer."""

    def __init__(self, words: str, reply: Reply | None = None) -> None:
        super().__init__(words)
        self.reply = reply


@dataclass(slots=True)
class HandOver:
    """One message on one connection."""

    sender: bytes
    recipient: bytes
    ready: asyncio.Future[bool]
    outcome: asyncio.Future[Outcome]
    stage: Stage = Stage.SENDER
    refusal: Outcome | None = None
    content_started: bool = False
    awaits_reset: bool = False
    met_the_end: bool = False  # the session ended while the server had its verbs before it
    commands: deque[bytes] = field(default_factory=deque)

    @property
    def is_ascii(self) -> bool:
        """Both addresses can stand before any server."""
        return self.sender.isascii() and self.recipient.isascii()

    def verbs(self) -> list[bytes]:
        """MAIL, RCPT and DATA for this message."""
        return [
            b"MAIL FROM:<%b>%b\r\n" % (self.sender, b"" if self.is_ascii else b" SMTPUTF8"),
            b"RCPT TO:<%b>\r\n" % self.recipient,
            b"DATA\r\n",
        ]

    def where_it_ended(self) -> Stage:
        """Whom a session's end before the content concerns: everybody, or this recipient.

        A server that ends each session at one recipient must not be asked for them at once again,
        before all others and for ever: that one is tried later, as after any other 4xx.
        """
        is_theirs = self.stage in (Stage.RECIPIENT, Stage.DATA) and not self.ready.done()
        return self.stage if is_theirs else Stage.CONNECT

    def decide(self, outcome: Outcome) -> None:
        """Settle the outcome, once; whoever waits to send content is told not to."""
        if not self.ready.done():
            self.ready.set_result(False)
        if not self.outcome.done():
            self.outcome.set_result(outcome)


class Connection(asyncio.Protocol):
    """One SMTP session. Use `open_connection`; one caller at a time."""

    def __init__(self, *, timeout_seconds: float) -> None:
        self._loop = asyncio.get_running_loop()
        self._timeout = timeout_seconds
        self._reader = ReplyReader()
        self._greeting: asyncio.Future[Reply] = self._loop.create_future()
        self._waiting: deque[asyncio.Future[Reply]] = deque([self._greeting])
        self._hand_overs: deque[HandOver] = deque()
        self._transport: asyncio.Transport | None = None
        self._socket: socket | None = None
        self._watchdog: asyncio.TimerHandle | None = None
        self._heard_at = self._loop.time()
        self.pipelines = False
        self.takes_utf8 = False  # addresses beyond ASCII (RFC 6531)
        self.last_reply: Reply | None = None
        self.is_closed = False
        self.delivered_count = 0
        self._is_half_open = False

    # -- what asyncio calls -------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport (called again after STARTTLS) and start the watchdog."""
        self._transport = cast("asyncio.Transport", transport)
        if self._socket is None and (theirs := transport.get_extra_info("socket")) is not None:
            self._socket = socket(fileno=theirs.fileno())  # theirs makes one anew for each call
        if self._watchdog is None:
            self._watch()

    def data_received(self, data: bytes) -> None:
        """Give each reply to who waits for it."""
        self._heard_at = self._loop.time()
        try:
            for reply in self._reader.feed(data):
                self._take(reply)
        except ProtocolBroken:
            self.abort()
        if not self._is_our_turn():
            self._acknowledge()

    def _is_our_turn(self) -> bool:
        """The server waits for content: what we send next acknowledges what it said."""
        return bool(self._hand_overs) and self._hand_overs[0].ready.done()

    def _acknowledge(self) -> None:
        """Acknowledge at once: a server with Nagle's algorithm holds its next reply until then.

        The kernel waits up to 40 ms, and forgets this wish with each segment: without it ten
        connections to a server on the same machine handed over a third of the mail.
        """
        if self._socket is not None:
            self._socket.setsockopt(IPPROTO_TCP, TCP_QUICKACK, 1)

    def connection_lost(self, exc: Exception | None) -> None:
        """Settle everything that was under way."""
        self.is_closed = True
        if self._socket is not None:
            self._socket.detach()  # the transport closes it
            self._socket = None
        if self._watchdog is not None:
            self._watchdog.cancel()
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_exception(ConnectionFailed("The connection was lost.", self.last_reply))
                waiter.exception()  # whoever gave up waiting leaves no warning behind
        if self._hand_overs:
            self._hand_overs[0].met_the_end = True
        while self._hand_overs:
            self._lose(self._hand_overs.popleft())

    # -- what the caller uses -----------------------------------------------------------------

    def announce(self, sender: str, recipient: str) -> HandOver:
        """Put MAIL, RCPT and DATA for the next message on the wire and return its hand-over.

        An address beyond ASCII is refused on the spot where the server cannot take it: the verb
        would be refused as if it were the sender's fault.
        """
        hand_over = HandOver(
            _known_address(sender),
            _address(recipient),
            self._loop.create_future(),
            self._loop.create_future(),
        )
        if self.is_closed:
            self._lose(hand_over)
            return hand_over
        if not self.takes_utf8 and not hand_over.is_ascii:
            stage = Stage.RECIPIENT if hand_over.sender.isascii() else Stage.SENDER
            hand_over.decide(Outcome(stage, NO_UTF8))
            return hand_over
        verbs = hand_over.verbs()
        if self._is_half_open:  # a refused transaction still stands: some servers insist
            self._is_half_open = False
            hand_over.awaits_reset = True
            verbs.insert(0, b"RSET\r\n")
        self._hand_overs.append(hand_over)
        if self.pipelines:
            self._write(b"".join(verbs))
        else:
            hand_over.commands.extend(verbs[1:])
            self._write(verbs[0])
        return hand_over

    def deliver(self, hand_over: HandOver, content: bytes, *, may_hold_dots: bool = True) -> None:
        """Send the content (CRLF lines); only after `ready` said True.

        `may_hold_dots` False: no line begins with a dot, as the caller knows without looking.
        """
        if self.is_closed or hand_over.outcome.done():
            self._lose(hand_over)
            return
        hand_over.content_started = True
        hand_over.stage = Stage.CONTENT
        if may_hold_dots and (content.startswith(b".") or b"\n." in content):
            content = (b"\r\n" + content).replace(b"\r\n.", b"\r\n..")[2:]
        end = b".\r\n" if content.endswith(b"\r\n") else b"\r\n.\r\n"
        self._write(content + end)

    async def greeting(self) -> Reply:
        """Return how the server greets; awaited since the start, for it may speak at once."""
        return await self._greeting

    async def command(self, line: bytes) -> Reply:
        """Send one command outside a hand-over and return its reply."""
        waiter: asyncio.Future[Reply] = self._loop.create_future()
        if self.is_closed:
            raise ConnectionFailed("The connection was lost.", self.last_reply)
        self._waiting.append(waiter)
        self._write(line + b"\r\n")
        return await waiter

    async def quit(self) -> None:
        """Say goodbye and close; never fails."""
        if not self.is_closed:
            with contextlib.suppress(ConnectionFailed, TimeoutError):
                async with asyncio.timeout(2):
                    await self.command(b"QUIT")
        self.abort()

    def abort(self) -> None:
        """Cut the connection; what was under way is settled at once."""
        if self._transport is not None and not self.is_closed:
            self._transport.abort()
            self.connection_lost(None)

    async def start_tls(self, context: ssl.SSLContext, host: str) -> None:
        """Wrap the session in TLS; raises an SSLError for a bad certificate."""
        assert self._transport is not None
        wrapped = await self._loop.start_tls(self._transport, self, context, server_hostname=host)
        if wrapped is None:
            raise ConnectionFailed("The connection was lost.")
        self._transport = wrapped
        self._reader = ReplyReader()

    # -- inside -------------------------------------------------------------------------------

    def _write(self, data: bytes) -> None:
        assert self._transport is not None
        self._transport.write(data)

    def _watch(self) -> None:
        """Cut the connection when something is awaited and nothing was heard for too long."""
        silence = self._loop.time() - self._heard_at
        if not (self._waiting or self._hand_overs):
            self._heard_at = self._loop.time()
        elif silence >= self._timeout:
            self.abort()
            return
        self._watchdog = self._loop.call_later(min(1.0, self._timeout / 4), self._watch)

    def _take(self, reply: Reply) -> None:
        self.last_reply = reply
        if self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_result(reply)
        elif self._hand_overs:
            self._advance(self._hand_overs[0], reply)
        elif reply.code == 421:
            self.abort()
        else:
            raise ProtocolBroken("A reply that nobody asked for.")

    def _advance(self, hand_over: HandOver, reply: Reply) -> None:
        if hand_over.stage is Stage.CONTENT:
            self._finish(hand_over, reply)
            return
        if reply.code == 421 or hand_over.ready.done():  # spoken out of turn: it is leaving
            self._end_session(hand_over, reply)
            return
        if hand_over.awaits_reset:
            hand_over.awaits_reset = False
            self._go_on(hand_over)
            return
        if not reply.is_positive and hand_over.refusal is None:
            hand_over.refusal = Outcome(hand_over.stage, reply)
        if hand_over.stage is Stage.DATA:
            self._settle_verbs(hand_over, reply)
        elif hand_over.refusal is not None and not self.pipelines:
            self._refused(hand_over, hand_over.refusal)
        else:
            hand_over.stage = STEPS[STEPS.index(hand_over.stage) + 1]
            self._go_on(hand_over)

    def _go_on(self, hand_over: HandOver) -> None:
        """Without pipelining, the next command waits for the reply to the one before."""
        if hand_over.commands:
            self._write(hand_over.commands.popleft())

    def _refused(self, hand_over: HandOver, refusal: Outcome) -> None:
        self._hand_overs.popleft()
        self._is_half_open = True
        hand_over.decide(refusal)

    def _settle_verbs(self, hand_over: HandOver, reply: Reply) -> None:
        if hand_over.refusal is None:
            hand_over.ready.set_result(True)
        elif reply.code == 354:  # nobody is addressed, yet the server waits: end it at once
            hand_over.stage = Stage.CONTENT
            self._write(b".\r\n")
        else:
            self._refused(hand_over, hand_over.refusal)

    def _finish(self, hand_over: HandOver, reply: Reply) -> None:
        self._hand_overs.popleft()
        if hand_over.refusal is None:
            self.delivered_count += 1
        hand_over.decide(hand_over.refusal or Outcome(Stage.CONTENT, reply))
        if reply.code == 421:
            self.abort()

    def _end_session(self, hand_over: HandOver, reply: Reply) -> None:
        """421: the server closes; nothing of this message has been sent."""
        self._hand_overs.popleft()
        hand_over.met_the_end = True
        hand_over.decide(hand_over.refusal or Outcome(hand_over.where_it_ended(), reply))
        self.abort()

    def _lose(self, hand_over: HandOver) -> None:
        if hand_over.refusal is not None:
            hand_over.decide(hand_over.refusal)
        elif hand_over.content_started:
            hand_over.decide(Outcome(Stage.CONTENT, None, is_unknown=True))
        else:
            reply = self.last_reply if self.last_reply and self.last_reply.code == 421 else None
            hand_over.decide(Outcome(hand_over.where_it_ended(), reply))


def _address(text: str) -> bytes:
    """Return an envelope address as bytes; control characters, spaces and brackets are refused."""
    if FORBIDDEN.search(text):
        raise ValueError("An address must not hold spaces, brackets or control characters.")
    return text.encode("utf-8")


_known_address = lru_cache(maxsize=64)(_address)  # a lane has few senders
