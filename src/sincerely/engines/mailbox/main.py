"""The test mailbox: a real SMTP server on loopback whose mail the app shows."""

from __future__ import annotations

import asyncio
import threading

import structlog
import uvloop
from django.conf import settings

from sincerely.wire import clock, metrics
from sincerely.wire.mailbox.server import serve

log = structlog.get_logger("mailbox")


def run(stop: threading.Event) -> None:
    """Serve until the event is set; what was accepted is stored."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(stop))


async def _serve(stop: threading.Event) -> None:
    host, _, port = settings.MAILBOX_ADDRESS.rpartition(":")
    server, keeper = await serve((host, int(port)), settings.MAILBOX_PATH, now=clock.now)
    log.info("listening", port=int(port))
    try:
        while not stop.is_set():
            metrics.turned()
            await asyncio.sleep(0.1)
    finally:
        server.close()
        keeper.close()
