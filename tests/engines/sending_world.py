"""A world for the sender: a mailing with content, a recording server, the sender in a thread."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from sincerely.apps.content.actions import freeze
from sincerely.apps.content.compiler import compile_content
from sincerely.apps.content.models import Content, ContentVersion, Mode
from sincerely.apps.content.rules.compiled import Compiled
from sincerely.apps.segments.query import ContactQuery
from sincerely.apps.sending.actions import plan_slice
from sincerely.apps.sending.actions.transports import save_transport
from sincerely.apps.sending.models import Dispatch, Hold, Transport
from sincerely.engines.sender import main
from tests.apps.sending import people
from tests.cast import Cast

MJML = """<mjml><mj-body><mj-section><mj-column>
<mj-text>Dear {{ contact.first_name | default: "friend" }}, naïve café &amp; more.</mj-text>
<mj-button href="https://shop.example/dogs?a=1&amp;b=2">Dogs</mj-button>
<mj-text><a href="https://shop.example/cats">Cats</a></mj-text>
</mj-column></mj-section></mj-body></mjml>"""


@dataclass
class Server:
    """An SMTP server that keeps envelopes and content, and answers as it is told."""

    delay_seconds: float = 0.0
    is_silent: bool = False  # content is taken and not answered until this is over
    answer: Callable[[str], str] = lambda _recipient: "250 ok"
    at_recipient: Callable[[str], str] = lambda _recipient: "250 ok"
    kept: list[tuple[str, bytes]] = field(default_factory=list)
    content_began: list[str] = field(default_factory=list)
    began_at: dict[str, float] = field(default_factory=dict)
    features: tuple[str, ...] = ("PIPELINING",)
    port: int = 0
    after_content: Callable[[], None] = lambda: None
    pause_before_content: Callable[[str], float] = lambda _recipient: 0.0
    session_count: int = 0
    most_sessions: int = 0  # at a time
    sessions: set[object] = field(default_factory=set)

    async def play(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.sessions.add(reader)  # else Python 3.11 may collect a waiting session as garbage
        self.session_count += 1
        self.most_sessions = max(self.most_sessions, len(self.sessions))
        try:
            await self._talk(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self.sessions.discard(reader)
            writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 hi\r\n")
        recipient = ""
        while line := await reader.readline():
            verb = line[:4].upper()
            if verb == b"EHLO":
                lines = ["me", *self.features]
                said = "".join(f"250-{x}\r\n" for x in lines[:-1]) + f"250 {lines[-1]}\r\n"
                writer.write(said.encode())
            elif verb == b"RCPT":
                recipient = line.partition(b"<")[2].partition(b">")[0].decode()
                said = self.at_recipient(recipient)
                if not said.startswith("2"):
                    recipient = ""
                _say(writer, said)
            elif verb == b"DATA":
                if not recipient:
                    writer.write(b"503 nobody\r\n")
                    continue
                await asyncio.sleep(self.pause_before_content(recipient))
                writer.write(b"354 go\r\n")
                await self._content(reader, writer, recipient)
            elif verb == b"QUIT":
                writer.write(b"221 bye\r\n")
                return
            else:
                writer.write(b"250 ok\r\n")

    async def _content(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, recipient: str
    ) -> None:
        first = await reader.readline()
        if not first:
            raise ConnectionError
        self.began_at.setdefault(recipient, time.monotonic())
        self.content_began.append(recipient)
        rest = b"" if first == b".\r\n" else await reader.readuntil(b"\r\n.\r\n")
        if self.delay_seconds:
            await asyncio.sleep(self.delay_seconds)
        while self.is_silent:  # noqa: ASYNC110 -- the test says so from another thread
            await asyncio.sleep(0.01)
        said = self.answer(recipient)
        if said.startswith("250"):
            self.kept.append((recipient, first + rest[:-3]))
        self.after_content()
        _say(writer, said)


def _say(writer: asyncio.StreamWriter, said: str) -> None:
    """Answer; 'close' cuts the connection without a word, and after 421 it ends (RFC 5321)."""
    if said == "close":
        writer.transport.abort()
        raise ConnectionError
    writer.write(f"{said}\r\n".encode())
    if said.startswith("421"):
        raise ConnectionError


@contextmanager
def serving(server: Server) -> Iterator[Server]:
    """Run the server in a thread of its own."""
    loop = asyncio.new_event_loop()
    listening = loop.run_until_complete(asyncio.start_server(server.play, "127.0.0.1", server.port))
    server.port = listening.sockets[0].getsockname()[1]
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:

        def end() -> None:
            listening.close()
            for task in asyncio.all_tasks(loop):
                task.cancel()
            loop.call_later(0.05, loop.stop)

        loop.call_soon_threadsafe(end)
        thread.join(5)
        loop.close()


@contextmanager
def sending() -> Iterator[threading.Event]:
    """Run the sender's real main in a thread; everything is written when this ends."""
    stop = threading.Event()
    failures: list[BaseException] = []

    def work() -> None:
        try:
            main.run(stop)
        except BaseException as error:  # noqa: BLE001 -- reported by the test
            failures.append(error)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        yield stop
    finally:
        stop.set()
        thread.join(30)
        assert not thread.is_alive()
        assert not failures, failures


def until(question: Callable[[], bool], *, seconds: float = 30) -> None:
    """Wait for something to become true; fails the test if it does not."""
    deadline = time.monotonic() + seconds
    while not question():
        assert time.monotonic() < deadline, "it did not become true in time"
        time.sleep(0.02)


def relay(server: Server, cast: Cast, *, now: datetime, connections: int = 3) -> Transport:
    return save_transport(
        None,
        values={
            "name": f"relay {server.port}",
            "kind": "smtp",
            "host": "127.0.0.1",
            "port": server.port,
            "security": "none",
            "connection_count": connections,
            "options": {"sign": False},
        },
        secret="",
        now=now,
        actor=cast.actor,
    )


def draft(cast: Cast, *, now: datetime) -> Content:
    return Content.objects.create(
        name="June",
        brand=cast.brand,
        mode=Mode.MJML,
        source=MJML,
        subject='{{ contact.first_name | default: "Hej" }}, grüße',
        created_at=now,
        changed_at=now,
    )


def compiled_mail(cast: Cast, *, now: datetime) -> Compiled:
    return compile_content(draft(cast, now=now))


def version_for(dispatch: Dispatch, cast: Cast, *, now: datetime) -> ContentVersion:
    return freeze(draft(cast, now=now).pk, mailing_id=dispatch.pk, now=now)


def planned(
    cast: Cast,
    server: Server,
    count: int,
    *,
    now: datetime,
    tag: str = "campaign",
    connections: int = 3,
) -> Dispatch:
    """A planned mailing to that many mailable contacts, by way of the server."""
    people.opted_in(count, now=now, kind=people.marketing(now))
    transport = relay(server, cast, now=now, connections=connections)
    return mailing_to(people.EVERYBODY, cast, transport, now=now, tag=tag)


def mailing_to(
    audience: ContactQuery,
    cast: Cast,
    transport: Transport,
    *,
    now: datetime,
    tag: str = "campaign",
) -> Dispatch:
    """A planned mailing to an audience, ready to leave."""
    kind = people.marketing(now)
    dispatch = people.add_dispatch(cast, now=now, kind=kind, tag=tag, transport_id=transport.pk)
    Hold.objects.update(lifted_at=now)
    version = version_for(dispatch, cast, now=now)
    while not plan_slice(dispatch.pk, audience, version_id=version.pk, due_at=now, now=now).is_done:
        pass
    return dispatch


def ledger(path: Path) -> list[str]:
    """What a recording server in another process wrote down, one line per mail."""
    return path.read_text().splitlines() if path.exists() else []
