"""The SMTP client against real servers: a plain one, ours, and faulty ones that a script plays."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from sincerely.wire.mailbox.server import serve
from sincerely.wire.mailbox.store import opened
from sincerely.wire.smtp.client import Connection, ConnectionFailed
from sincerely.wire.smtp.replies import Outcome, ReplyReader, Stage
from sincerely.wire.smtp.session import Route, open_connection

MAIL = b"Subject: x\r\n\r\n.dot\r\n..two\r\nend\r\n"
Script = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def scripted(script: Script) -> AsyncIterator[Route]:
    """A server that does what the script says with each connection."""

    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await script(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(play, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        yield Route("127.0.0.1", port, reply_seconds=1.0, connect_seconds=2.0, own_name="me")
    finally:
        server.close()


async def say(writer: asyncio.StreamWriter, *lines: str) -> None:
    writer.write("".join(f"{line}\r\n" for line in lines).encode())
    await writer.drain()


async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *features: str) -> None:
    await say(writer, "220 hi")
    assert (await reader.readline()).startswith(b"EHLO")
    lines = ["me", *features]
    await say(writer, *[f"250-{line}" for line in lines[:-1]], f"250 {lines[-1]}")


async def hand_over(connection: Connection, recipient: str = "to@example.com") -> Outcome:
    step = connection.announce("from@example.com", recipient)
    if await step.ready:
        connection.deliver(step, MAIL)
    return await step.outcome


def run(test: Awaitable[None]) -> None:
    asyncio.run(test)  # type: ignore[arg-type]


def test_into_our_mailbox_pipelined(tmp_path: Path) -> None:
    async def test() -> None:
        path = tmp_path / "mail.sqlite3"
        server, keeper = await serve(("127.0.0.1", 0), path, now=lambda: datetime.now(UTC))
        port = server.sockets[0].getsockname()[1]
        connection = await open_connection(Route("127.0.0.1", port))
        assert connection.pipelines
        first = connection.announce("from@example.com", "one@example.com")
        assert await first.ready
        connection.deliver(first, MAIL)
        second = connection.announce("from@example.com", "two@example.com")
        assert (await first.outcome).is_accepted
        assert await second.ready
        connection.deliver(second, MAIL[:-2])
        assert (await second.outcome).is_accepted
        await connection.quit()
        server.close()
        keeper.close()
        with opened(path) as store:
            kept = list(store.walk())
        assert [mail.recipient for mail, _ in kept] == ["one@example.com", "two@example.com"]
        assert [raw for _, raw in kept] == [MAIL, MAIL]
        assert kept[0][0].subject == "x"

    run(test())


class _Sink:
    """aiosmtpd's side: keeps, refuses by address, checks a login."""

    def __init__(self) -> None:
        self.kept: list[bytes] = []

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address.startswith("no"):
            return "550 5.1.1 User unknown"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        assert isinstance(envelope.original_content, bytes)
        self.kept.append(envelope.original_content)
        return "250 OK"


def _login(*arguments: object) -> AuthResult:
    data = arguments[-1]
    good = isinstance(data, LoginPassword) and data == LoginPassword(b"ann", b"secret")
    return AuthResult(success=good, handled=False)


@pytest.mark.filterwarnings("ignore:Requiring AUTH:UserWarning", "ignore:Session.login_data")
@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
def test_against_aiosmtpd_with_a_login(mechanism: str) -> None:
    sink = _Sink()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(
        sink,
        hostname="127.0.0.1",
        port=port,
        authenticator=_login,
        auth_required=True,
        auth_require_tls=False,
        auth_exclude_mechanism=[m for m in ("PLAIN", "LOGIN") if m != mechanism],
    )
    controller.start()
    try:

        async def test() -> None:
            with pytest.raises(ConnectionFailed):
                await open_connection(Route("127.0.0.1", port, user_name="ann", password="bad"))
            route = Route("127.0.0.1", port, user_name="ann", password="secret")
            connection = await open_connection(route)
            assert (await hand_over(connection)).is_accepted
            refused = await hand_over(connection, "nobody@example.com")
            assert refused.stage is Stage.RECIPIENT
            assert refused.reply is not None
            assert refused.reply.code == 550
            assert (await hand_over(connection)).is_accepted
            await connection.quit()

        run(test())
    finally:
        controller.stop()
    assert sink.kept == [MAIL, MAIL]


def test_starttls_checks_the_certificate() -> None:
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await greet(reader, writer, "STARTTLS")
        await reader.readline()
        await say(writer, "220 go")
        await reader.read(100)
        await say(writer, "this is no TLS")

    async def test() -> None:
        async with scripted(script) as plain:
            route = Route("127.0.0.1", plain.port, security="starttls", connect_seconds=2)
            with pytest.raises(ConnectionFailed):
                await open_connection(route)

    run(test())


def test_no_starttls_means_no_session() -> None:
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await greet(reader, writer, "PIPELINING")
        await reader.read(100)

    async def test() -> None:
        async with scripted(script) as plain:
            with pytest.raises(ConnectionFailed, match="STARTTLS"):
                await open_connection(Route("127.0.0.1", plain.port, security="starttls"))

    run(test())


@pytest.mark.parametrize("feature", ["PIPELINING", "SIZE 1"])
def test_a_refused_recipient_with_accepted_data_gets_a_lone_dot(feature: str) -> None:
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await greet(reader, writer, feature)
        for answer in ("250 ok", "550 5.1.1 unknown"):
            await reader.readline()
            await say(writer, answer)
        if feature == "PIPELINING":
            assert await reader.readline() == b"DATA\r\n"
            await say(writer, "354 go")
            assert await reader.readline() == b".\r\n"
            await say(writer, "554 nobody to send to")
        else:
            assert await reader.readline() == b"RSET\r\n"
            await say(writer, "250 ok")
        for answer in ("250 ok", "250 ok", "354 go"):
            await reader.readline()
            await say(writer, answer)
        await reader.readuntil(b"\r\n.\r\n")
        await say(writer, "250 kept")

    async def test() -> None:
        async with scripted(script) as route:
            connection = await open_connection(route)
            refused = await hand_over(connection)
            assert (refused.stage, refused.reply and refused.reply.code) == (Stage.RECIPIENT, 550)
            assert (await hand_over(connection)).is_accepted

    run(test())


@pytest.mark.parametrize("moment", ["content", "dot", "421", "silence"])
def test_lost_after_content_is_unknown(moment: str) -> None:
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await greet(reader, writer, "PIPELINING")
        for answer in ("250 ok", "250 ok", "354 go"):
            await reader.readline()
            await say(writer, answer)
        await (reader.readexactly(5) if moment == "content" else reader.readuntil(b"\r\n.\r\n"))
        if moment == "421":
            await say(writer, "421 4.3.2 going down")
        if moment == "silence":
            await asyncio.sleep(5)

    async def test() -> None:
        async with scripted(script) as route:
            connection = await open_connection(route)
            outcome = await hand_over(connection)
            if moment == "421":
                assert (outcome.reply and outcome.reply.code) == 421
                assert not outcome.is_unknown
            else:
                assert outcome == Outcome(Stage.CONTENT, None, is_unknown=True)
            assert connection.is_closed

    run(test())


def test_421_before_content_and_loss_before_content_are_known() -> None:
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await greet(reader, writer, "PIPELINING")
        await reader.readline()
        await say(writer, "421 4.7.0 too many")

    async def test() -> None:
        async with scripted(script) as route:
            connection = await open_connection(route)
            outcome = await hand_over(connection)
            assert (outcome.stage, outcome.is_unknown) == (Stage.CONNECT, False)
            later = await hand_over(connection)
            assert (later.stage, later.is_unknown) == (Stage.CONNECT, False)

    run(test())


@pytest.mark.parametrize("is_answered", [True, False])
def test_only_the_mail_at_which_a_session_ended_met_its_end(is_answered: bool) -> None:
    """The next one's verbs are out already; whether they were read, the answer before tells."""

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await greet(reader, writer, "PIPELINING")
        for answer in ("250 ok", "250 ok", "354 go"):
            await reader.readline()
            await say(writer, answer)
        await reader.readuntil(b"\r\n.\r\n")
        await reader.readuntil(b"DATA\r\n")
        if is_answered:
            await say(writer, "250 kept")

    async def test() -> None:
        async with scripted(script) as route:
            connection = await open_connection(route)
            first = connection.announce("a@shop.example", "b@mail.example")
            assert await first.ready
            connection.deliver(first, b"Subject: x\r\n\r\nhello\r\n")
            second = connection.announce("a@shop.example", "c@mail.example")
            assert (await first.outcome).is_accepted == is_answered
            assert (await second.outcome).stage is Stage.CONNECT
            assert (first.met_the_end, second.met_the_end) == (not is_answered, is_answered)

    run(test())


def test_a_server_that_talks_nonsense_is_left() -> None:
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await say(writer, "hello, is it me you are looking for?")
        await reader.read(100)

    async def test() -> None:
        async with scripted(script) as route:
            with pytest.raises(ConnectionFailed):
                await open_connection(route)

    run(test())


def test_an_address_with_control_signs_is_refused() -> None:
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await greet(reader, writer)
        await reader.read(100)

    async def test() -> None:
        async with scripted(script) as route:
            connection = await open_connection(route)
            with pytest.raises(ValueError, match="address"):
                connection.announce("a@b.example", "c@d.example>\r\nRCPT TO:<e@f.example")
            connection.abort()

    run(test())


def test_replies_are_cut_anywhere() -> None:
    stream = b"250-one\r\n250 two\r\n354 go\r\n"
    for cut in range(len(stream)):
        reader = ReplyReader()
        found = reader.feed(stream[:cut]) + reader.feed(stream[cut:])
        assert [(r.code, r.text) for r in found] == [(250, "one two"), (354, "go")]


def test_a_server_that_greets_at_once_is_heard() -> None:
    """The greeting may come before anybody asks for it: a quick server on the same machine."""

    async def scene() -> None:
        async with scripted(lambda reader, _writer: reader.read()) as route:
            loop = asyncio.get_running_loop()
            _, connection = await loop.create_connection(
                lambda: Connection(timeout_seconds=5), route.host, route.port
            )
            connection.data_received(b"220 quick ESMTP\r\n")
            assert not connection.is_closed
            assert (await connection.greeting()).code == 220
            connection.abort()

    asyncio.run(scene())
