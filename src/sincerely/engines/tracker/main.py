"""The tracker process: one event loop, one writer thread, granian embedded."""

from __future__ import annotations

import asyncio
import threading

import uvloop
from django.conf import settings
from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels
from granian.server.embed import Server

from sincerely.apps.engagement.queries.watermarks import capture_conninfo
from sincerely.engines.tracker.app import Tracker
from sincerely.engines.tracker.kept import NAME, Kept
from sincerely.engines.tracker.links import FAILURES, open_links
from sincerely.engines.tracker.targets import Targets
from sincerely.wire import clock, metrics
from sincerely.wire.capture import GroupWriter, Store, open_store
from sincerely.wire.memory import look_seldom

STORE_SECONDS = 2.0  # a reader waits no longer than this for the disk


def run(stop: threading.Event) -> None:
    """Answer requests until told to stop; what was answered is stored.

    It starts without the main database too: with the links and the store of captures it has.
    """
    look_seldom()
    uvloop.run(_serve(stop, capture_conninfo()))


async def _serve(stop: threading.Event, conninfo: str) -> None:
    path = str(settings.DATABASES["default"]["NAME"])
    writer = GroupWriter(lambda: _open_store(path, conninfo), asyncio.get_running_loop())
    kept = Kept(settings.CAPTURE_PATH.with_name(NAME))
    tracker = Tracker(
        keys=settings.TOKEN_KEYS,
        targets=Targets(open_links(path, conninfo), kept=kept),
        page_url=settings.PUBLIC_URL.rstrip("/"),
        now=clock.now,
        writer=writer,
        trusted_proxies=tuple(settings.TRUSTED_PROXIES),
    )
    host, _, port = settings.TRACKER_ADDRESS.rpartition(":")
    server = Server(
        tracker,
        address=host,
        port=int(port),
        interface=Interfaces.RSGI,
        http=HTTPModes.http1,
        websockets=False,
        backlog=1_024,
        log_level=LogLevels.error,
    )
    serving = asyncio.create_task(server.serve())
    while not stop.is_set() and not serving.done():
        await asyncio.sleep(0.1)
        metrics.turned()
        writer.let_go(STORE_SECONDS)
        tracker.targets.read_ahead()
    server.stop()  # type: ignore[no-untyped-call]
    await serving
    await asyncio.to_thread(writer.close)
    await asyncio.to_thread(tracker.targets.close)


def _open_store(path: str, conninfo: str) -> Store:
    """Open the store of captures, no row of which may look folded already.

    Its counter was lifted when it was first opened: only an empty one has to wait for the mark.
    """
    store = open_store(settings.CAPTURE_PATH, conninfo)
    links = open_links(path, conninfo)
    try:
        store.begin_after(links.mark())
    except FAILURES:
        if not store.last_id():
            store.close()
            raise
    finally:
        links.close()
    return store
