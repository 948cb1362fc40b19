"""Opening an SMTP session: greeting, EHLO, STARTTLS with certificate checks, AUTH."""

from __future__ import annotations

import asyncio
import base64
import socket
import ssl
from dataclasses import dataclass
from functools import lru_cache

from sincerely.wire.smtp.client import Connection, ConnectionFailed
from sincerely.wire.smtp.replies import Reply


@dataclass(frozen=True, slots=True)
class Route:
    """Where a session goes. `security`: none, starttls or tls; certificates are always checked.

    `own_name` is how we introduce ourselves; the machine's own name where it is empty.
    """

    host: str
    port: int
    security: str = "none"
    user_name: str = ""
    password: str = ""
    own_name: str = ""
    connect_seconds: float = 30.0
    reply_seconds: float = 300.0
    tls: ssl.SSLContext | None = None

    def __repr__(self) -> str:
        return f"Route({self.host}:{self.port})"


async def open_connection(route: Route) -> Connection:
    """Return a session that is ready for mail; raises ConnectionFailed."""
    loop = asyncio.get_running_loop()
    context = (route.tls or ssl.create_default_context()) if route.security != "none" else None
    direct = context if route.security == "tls" else None
    connection: Connection | None = None
    try:
        async with asyncio.timeout(route.connect_seconds):
            _, connection = await loop.create_connection(
                lambda: Connection(timeout_seconds=route.reply_seconds),
                route.host,
                route.port,
                ssl=direct,
                server_hostname=route.host if direct else None,
            )
            await _greet(connection, route, context)
    except (OSError, TimeoutError, ssl.SSLError) as error:
        if connection is not None:
            connection.abort()
        raise ConnectionFailed(trouble_of(error)) from error
    except ConnectionFailed:
        if connection is not None:
            connection.abort()
        raise
    return connection


def trouble_of(error: Exception) -> str:
    """Say in a plain sentence why no session came about; what varies stands after a colon."""
    if isinstance(error, socket.gaierror):
        return "There is no server of this name."
    if isinstance(error, ConnectionRefusedError):
        return "The server takes no connections at this port."
    if isinstance(error, TimeoutError):
        return "The server did not answer in time."
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"The server's certificate is not trusted: {error.verify_message}"
    if isinstance(error, ssl.SSLError):
        return "The connection could not be encrypted: does the encryption fit the port?"
    return f"The server cannot be reached: {getattr(error, 'strerror', None) or error}"


async def _greet(connection: Connection, route: Route, context: ssl.SSLContext | None) -> None:
    greeting = await connection.greeting()
    if greeting.code != 220:
        raise ConnectionFailed("The server refused the session.", greeting)
    features = await _hello(connection, route)
    if route.security == "starttls" and context is not None:
        if "STARTTLS" not in features:
            raise ConnectionFailed("The server does not offer STARTTLS.")
        _wanted(await connection.command(b"STARTTLS"), "STARTTLS was refused.")
        await connection.start_tls(context, route.host)
        features = await _hello(connection, route)
    connection.pipelines = "PIPELINING" in features
    connection.takes_utf8 = "SMTPUTF8" in features
    if route.user_name:
        await _authenticate(connection, route, features.get("AUTH", ""))


async def _hello(connection: Connection, route: Route) -> dict[str, str]:
    """Say EHLO (else HELO) and return the features with their parameters."""
    own = route.own_name or await asyncio.to_thread(_host_name)
    name = own.encode("ascii", "ignore")
    reply = await connection.command(b"EHLO " + name)
    if not reply.is_positive:
        _wanted(await connection.command(b"HELO " + name), "The server refused the session.")
        return {}
    return _features(reply)


@lru_cache(maxsize=1)
def _host_name() -> str:
    """Return this machine's full name; asks the resolver, which may take its time."""
    return socket.getfqdn() or "localhost"


def _features(reply: Reply) -> dict[str, str]:
    """Feature keywords of an EHLO reply whose lines were joined: known words only."""
    words = reply.text.upper().split()
    found = {word: "" for word in words if word in ("PIPELINING", "STARTTLS", "SMTPUTF8")}
    if "AUTH" in words:
        found["AUTH"] = " ".join(words[words.index("AUTH") + 1 :])
    return found


async def _authenticate(connection: Connection, route: Route, methods: str) -> None:
    user, password = route.user_name.encode(), route.password.encode()
    if "PLAIN" in methods.split() or "LOGIN" not in methods.split():
        token = base64.b64encode(b"\0" + user + b"\0" + password)
        reply = await connection.command(b"AUTH PLAIN " + token)
    else:
        reply = await connection.command(b"AUTH LOGIN")
        for secret in (user, password):
            if reply.code == 334:
                reply = await connection.command(base64.b64encode(secret))
    if reply.code != 235:
        raise ConnectionFailed("The user name or password was refused.", reply)


def _wanted(reply: Reply, words: str) -> None:
    if not reply.is_positive:
        raise ConnectionFailed(words, reply)
