"""One mail over a session of its own: tests of a transport, test mails."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from sincerely.wire.smtp.client import ConnectionFailed
from sincerely.wire.smtp.replies import Outcome, Reply, Stage
from sincerely.wire.smtp.session import Route, open_connection


def send_one(route: Route, *, sender: str, recipient: str, raw: bytes) -> Outcome:
    """Hand over one mail and return the outcome; blocks at most about half a minute."""
    route = replace(route, connect_seconds=10.0, reply_seconds=20.0)
    return asyncio.run(_send(route, sender, recipient, raw=raw))


async def _send(route: Route, sender: str, recipient: str, *, raw: bytes) -> Outcome:
    try:
        connection = await open_connection(route)
    except ConnectionFailed as failure:
        return Outcome(Stage.CONNECT, failure.reply or Reply(0, str(failure)))
    step = connection.announce(sender, recipient)
    if await step.ready:
        connection.deliver(step, raw)
    outcome = await step.outcome
    await connection.quit()
    return outcome
