"""The tracker process: one event loop, one writer thread, granian embedded."""

from __future__ import annotations

import asyncio
import threading

import uvloop
from django.conf import settings
from django.db import connection
from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels
from granian.server.embed import Server

from sincerely.apps.engagement.queries.watermarks import CAPTURE, capture_conninfo, position
from sincerely.engines.tracker.app import Tracker
from sincerely.engines.tracker.targets import Targets, postgres_reader, sqlite_reader
from sincerely.wire import clock, metrics
from sincerely.wire.capture import GroupWriter, Store, open_store

STORE_SECONDS = 2.0  # a reader waits no longer than this for the disk


def run(stop: threading.Event) -> None:
    """Answer requests until told to stop; what was answered is stored."""
    conninfo = capture_conninfo()
    mark = position(CAPTURE)
    connection.close()
    store = open_store(settings.CAPTURE_PATH, conninfo)
    store.begin_after(mark)
    store.close()
    uvloop.run(_serve(stop, conninfo))


async def _serve(stop: threading.Event, conninfo: str) -> None:
    def open_it() -> Store:
        return open_store(settings.CAPTURE_PATH, conninfo)

    writer = GroupWriter(open_it, asyncio.get_running_loop())
    name = str(settings.DATABASES["default"]["NAME"])
    tracker = Tracker(
        keys=settings.TOKEN_KEYS,
        targets=Targets(postgres_reader(conninfo) if conninfo else sqlite_reader(name)),
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
    server.stop()  # type: ignore[no-untyped-call]
    await serving
    await asyncio.to_thread(writer.close)
