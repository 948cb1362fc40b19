"""A small SMTP server for the test mailbox: pipelining, batches committed before it answers.

Own code because aiosmtpd takes some 700 mails a second and the product's own sender should be seen
at its speed; it is for loopback only: no TLS, no AUTH, no relaying, everything is kept.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import cast

from sincerely.wire.mailbox.store import MailboxStore, Received

LARGEST_BYTES = 32 * 1024 * 1024
LONGEST_LINE = 4_096
GREETING = b"220 test-mailbox ESMTP\r\n"
FEATURES = b"\r\n".join(
    [
        b"250-test-mailbox",
        b"250-PIPELINING",
        b"250-8BITMIME",
        b"250-SMTPUTF8",
        b"250 SIZE 33554432",
        b"",
    ]
)
END = b"\r\n.\r\n"
MOST_PER_COMMIT = 500


@dataclass
class Keeper:
    """Writes what arrived while the batch before was being committed; one thread."""

    path: Path
    loop: asyncio.AbstractEventLoop
    _waiting: list[tuple[Received, asyncio.Future[None]]] = field(default_factory=list)
    _wake: threading.Condition = field(default_factory=threading.Condition)
    _is_closing: bool = False
    _thread: threading.Thread | None = None

    def start(self) -> None:
        """Open the file and start writing."""
        MailboxStore(self.path).close()
        self._thread = threading.Thread(target=self._work, name="mailbox", daemon=True)
        self._thread.start()

    def keep(self, received: Received) -> asyncio.Future[None]:
        """Return a future that is done when the mail is stored."""
        future: asyncio.Future[None] = self.loop.create_future()
        with self._wake:
            self._waiting.append((received, future))
            self._wake.notify()
        return future

    def close(self) -> None:
        """Write what waits and end."""
        with self._wake:
            self._is_closing = True
            self._wake.notify()
        if self._thread is not None:
            self._thread.join(10)

    def _work(self) -> None:
        store = MailboxStore(self.path)
        while True:
            with self._wake:
                self._wake.wait_for(lambda: self._waiting or self._is_closing)
                batch = self._waiting[:MOST_PER_COMMIT]
                del self._waiting[:MOST_PER_COMMIT]
                if not batch:
                    break
            store.add([received for received, _ in batch])
            with contextlib.suppress(RuntimeError):  # the loop ended: nobody waits
                self.loop.call_soon_threadsafe(_done, [future for _, future in batch])
        store.close()


def _done(futures: list[asyncio.Future[None]]) -> None:
    for future in futures:
        if not future.done():
            future.set_result(None)


class Session(asyncio.Protocol):
    """One SMTP session."""

    def __init__(self, keeper: Keeper, now: Callable[[], datetime]) -> None:
        self._keeper = keeper
        self._now = now
        self._buffer = bytearray()
        self._searched = 0
        self._in_data = False
        self._storing = False
        self._sender = ""
        self._recipients: list[str] = []
        self._transport: asyncio.Transport | None = None
        self._answers = {
            b"EHLO": FEATURES,
            b"HELO": b"250 test-mailbox\r\n",
            b"NOOP": b"250 2.0.0 Ok\r\n",
        }

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet."""
        self._transport = cast("asyncio.Transport", transport)
        self._transport.write(GREETING)

    def data_received(self, data: bytes) -> None:
        """Take bytes and work through all that is complete."""
        self._buffer += data
        self._work()

    def _work(self) -> None:
        while self._buffer and not self._storing:
            if not (self._take_content() if self._in_data else self._take_line()):
                return

    def _say(self, line: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(line)

    def _take_line(self) -> bool:
        end = self._buffer.find(b"\r\n")
        if end < 0:
            if len(self._buffer) > LONGEST_LINE:
                self._bye(b"500 5.5.2 Line too long\r\n")
            return False
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 2]
        self._obey(line[:4].upper(), line)
        return True

    def _obey(self, verb: bytes, line: bytes) -> None:
        if verb == b"MAIL":
            self._sender, self._recipients = _path(line), []
            self._say(b"250 2.1.0 Ok\r\n")
        elif verb == b"RCPT":
            self._recipients.append(_path(line))
            self._say(b"250 2.1.5 Ok\r\n")
        elif verb == b"DATA":
            self._in_data = bool(self._recipients)
            self._say(b"354 Go ahead\r\n" if self._in_data else b"503 5.5.1 RCPT first\r\n")
        elif verb == b"RSET":
            self._sender, self._recipients = "", []
            self._say(b"250 2.0.0 Ok\r\n")
        elif verb == b"QUIT":
            self._bye(b"221 2.0.0 Bye\r\n")
        else:
            self._say(self._answers.get(verb, b"502 5.5.2 Not here\r\n"))

    def _bye(self, line: bytes) -> None:
        self._say(line)
        if self._transport is not None:
            self._transport.close()
        self._buffer.clear()

    def _take_content(self) -> bool:
        if self._buffer.startswith(b".\r\n"):
            content, length = b"", 3
        else:
            end = self._buffer.find(END, self._searched)
            if end < 0:
                self._searched = max(0, len(self._buffer) - 4)
                if len(self._buffer) > LARGEST_BYTES:
                    self._bye(b"552 5.3.4 Too large\r\n")
                return False
            content, length = bytes(self._buffer[: end + 2]), end + len(END)
        del self._buffer[:length]
        self._searched, self._in_data = 0, False
        self._store(content)
        return True

    def _store(self, content: bytes) -> None:
        """Keep one copy per recipient; answer when the last is stored."""
        if content.startswith(b".") or b"\r\n." in content:
            content = (b"\r\n" + content).replace(b"\r\n..", b"\r\n.")[2:]
        at_us = int(self._now().timestamp() * 1_000_000)
        self._storing = True
        future: asyncio.Future[None] | None = None
        for recipient in self._recipients:
            future = self._keeper.keep(Received(at_us, self._sender, recipient, content))
        assert future is not None
        future.add_done_callback(self._stored)

    def _stored(self, _future: asyncio.Future[None]) -> None:
        self._storing = False
        self._say(b"250 2.0.0 Kept\r\n")
        self._work()


def _path(line: bytes) -> str:
    """The address between the angle brackets of MAIL or RCPT."""
    return line.partition(b"<")[2].partition(b">")[0].decode("utf-8", "replace")


async def serve(
    address: tuple[str, int], path: Path, *, now: Callable[[], datetime]
) -> tuple[asyncio.Server, Keeper]:
    """Listen on loopback and keep what comes in; close both when done."""
    loop = asyncio.get_running_loop()
    keeper = Keeper(path, loop)
    keeper.start()
    server = await loop.create_server(lambda: Session(keeper, now), *address, backlog=256)
    return server, keeper
