"""The sender's process."""

from __future__ import annotations

import asyncio
import gc
import threading

import uvloop

from sincerely.engines.sender.loop import Sender


def run(stop: threading.Event) -> None:
    """Send until the event is set; nothing is left half-done."""
    gc.freeze()  # the modules stay: not walked again with each collection
    gc.set_threshold(50_000, 20, 50)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(Sender(stop).run())
