"""Pages over a million contacts by real HTTP, while an import and a sender write beside them.

    python -m bench.pages [contacts] [campaigns whose deliveries are stored]

The web process is the product's own, started as `sincerely engine web`. The writer is a process
that imports in transactions of about 50 ms (contacts, permissions, list members), commits
outcomes as a sender does, and keeps the stored sets as the runner does. One reader asks for each
page in turn, first and last pages and filters that hardly anybody fits. As bench.segments, it keeps
its base in SINCERELY_BENCH_HOME where that is given, and uses DATABASE_URL if set.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import time

from bench.home import begin

HOME = begin()

import numpy as np  # noqa: E402
from bench import beside  # noqa: E402
from bench.browsing import Browser, Spent, measure  # noqa: E402
from bench.furnished import furnish, member  # noqa: E402
from bench.world import World, fill, remember  # noqa: E402
from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402

from sincerely.apps.contacts.models import Contact  # noqa: E402
from sincerely.apps.segments import tasks  # noqa: E402
from sincerely.wire import clock  # noqa: E402

PAGE_MARK, SAVE_MARK = 150, 250


def _signed_in(port: int) -> Browser:
    client = Client()
    client.force_login(member())
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    browser = Browser(port, {settings.SESSION_COOKIE_NAME: session, "csrftoken": "a" * 32})
    deadline = time.monotonic() + 60
    while True:
        try:
            browser.ask("/people/")
        except OSError:
            if time.monotonic() > deadline:
                raise
            browser = Browser(port, browser.cookies)
            time.sleep(0.3)
        else:
            return browser


def main(contacts: int = 100_000, stored: int = 5) -> None:
    """Make the base, start the web process and the writer, measure, print."""
    call_command("migrate", verbosity=0)
    (HOME / "static").mkdir(exist_ok=True)
    world = World(contacts, stored)
    if Contact.objects.exists():
        remember(world)
    else:
        fill(world)
    made = furnish(world)
    while tasks.keep_sets(now=clock.now(), owner="bench", stop=threading.Event()):
        pass
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    web = subprocess.Popen(
        [sys.executable, "-m", "sincerely.cli", "engine", "web"],
        env=os.environ | {"SINCERELY_WEB": f"127.0.0.1:{port}", "SINCERELY_CLOCK_TURNABLE": "0"},
    )
    beside = None
    try:
        browser = _signed_in(port)
        beside = subprocess.Popen(
            [sys.executable, "-m", "bench.pages", "--write"], stdin=subprocess.PIPE
        )
        spent = measure(browser, world, made, pid=web.pid)
    finally:
        web.terminate()
        web.wait()
        if beside is not None and beside.stdin is not None:
            beside.stdin.close()
            beside.wait()
    show(spent)


def show(spent: Spent) -> None:
    """Print each page, and the lines for the table of all benchmarks.

    The CPU is the web process's own: it hardly depends on what else the machine does.
    """
    worst: dict[str, tuple[float, str]] = {}
    for name, runs in spent.items():
        walls, cpu = zip(*runs, strict=True)
        middle, high = np.percentile(walls, 50), np.percentile(walls, 95)
        print(
            f"{name:45} p50 {middle:7.1f} ms  p95 {high:7.1f} ms  CPU {np.percentile(cpu, 50):6.1f}"
        )
        kind = name.split(":")[0].split(",")[0]
        worst[kind] = max(worst.get(kind, (0.0, "")), (float(high), name))
    for kind, (high, name) in worst.items():
        most = SAVE_MARK if kind == "save" else PAGE_MARK
        row = {
            "path": f"pages: {kind}, worst p95",
            "database": connection.vendor,
            "measured": round(high, 1),
            "unit": "ms",
            "reference": None,
            "ratio": None,
            "mark": f"at most {most} ms",
            "reached": "yes" if high <= most else "no",
            "slowest": name,
        }
        print(f"RESULT {json.dumps(row)}")


if __name__ == "__main__":
    if sys.argv[1:] == ["--write"]:
        beside.writer()
    else:
        main(*(int(word) for word in sys.argv[1:]))
