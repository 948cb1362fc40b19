"""The sender's process."""

from __future__ import annotations

import asyncio
import threading

import uvloop

from sincerely.engines.sender.loop import Sender


def run(stop: threading.Event) -> None:
    """Send until the event is set; nothing is left half-done."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(Sender(stop).run())
