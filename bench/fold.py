"""The fold: signals per second, against a plain insert of the same events into the same table.

    python -m bench.fold [CONTACTS] [SIGNALS] [--postgres] [--sustain SECONDS RATE]

Makes a fresh installation (`--postgres`: on a throw-away cluster with durable commits), a mailing
to CONTACTS and their outcomes, captures SIGNALS opens and clicks, and folds them in all three
rounds, in slices that fit their time as the folder takes them. The rate is that of captures and
second looks together, in which events, rollups and labels are made; 'with the final look' adds the
look a day later. The reference inserts the same events again into the same indexed table, 10,000 to
a transaction.

`--sustain` feeds RATE signals a second from a process of its own for SECONDS. The signals tell of
the day before, so each goes through all three looks at once: the load of a day at that rate. The
fold runs as in production, and its lag is printed every ten seconds; what share of a core the
feeder took from it is said too (a tracker takes about 80 µs a signal).
"""

# ruff: noqa: PLC0415, SLF001 -- the settings must be named before any model is imported
from __future__ import annotations

import argparse
import json
import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Self

from bench.cluster import durable_cluster

if TYPE_CHECKING:
    from sincerely.wire.capture import Capture

NOW = datetime(2026, 6, 15, 12, 0, tzinfo=UTC)
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
MARK = 0.15
AGO = timedelta(days=1, minutes=5)
LONGEST = [0.0]


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench.fold")
    parser.add_argument("contacts", type=int, nargs="?", default=50_000)
    parser.add_argument("signals", type=int, nargs="?", default=50_000)
    parser.add_argument("--postgres", action="store_true")
    parser.add_argument("--sustain", type=int, nargs=2, metavar=("SECONDS", "RATE"))
    parser.add_argument("--feed", type=int, nargs=5, help=argparse.SUPPRESS)
    return parser.parse_args()


class Timed:
    """Wall and CPU seconds of a block."""

    def __enter__(self) -> Self:
        self.wall, self.cpu = time.perf_counter(), time.process_time()
        return self

    def __exit__(self, *_problem: object) -> None:
        self.wall = time.perf_counter() - self.wall
        self.cpu = time.process_time() - self.cpu


def stepped(step: Callable[..., Any], *, now: datetime) -> Timed:
    """Take a step until nothing is due, in slices that fit their time, as the folder does."""
    from sincerely.engines.folder.main import Pace
    from sincerely.wire import clock

    clock.set_offset(now - datetime.now(UTC))
    pace = Pace(step)
    with Timed() as spent:
        while pace.take():
            LONGEST[0] = max(LONGEST[0], pace.seconds)
    clock.set_offset(timedelta(0))
    return spent


def people(contacts: int) -> None:
    from sincerely.apps.contacts.models import Contact

    Contact.objects.bulk_create(
        (
            Contact(
                address=f"c{n}@people.example",
                address_key=n.to_bytes(16, "big"),
                domain="people.example",
                created_at=NOW,
                changed_at=NOW,
            )
            for n in range(1, contacts + 1)
        ),
        batch_size=2_000,
    )


def world(contacts: int) -> int:
    """Contacts, a mailing of ten labelled links, messages and their outcomes; the mailing's id."""
    from django.db import transaction

    from sincerely.apps.contacts.models import Contact
    from sincerely.apps.engagement.actions import LinkSpec, register_mailing, replace_links
    from sincerely.apps.labels.models import Label
    from sincerely.apps.sending.models import Attempt, Message

    mailing = register_mailing("Bench", tag="campaign", now=NOW)
    labels = [Label.objects.create(name=f"Bench {n}", created_at=NOW) for n in range(5)]
    replace_links(
        mailing.pk,
        [LinkSpec(n, f"https://shop.example/{n}", label_id=labels[n % 5].pk) for n in range(1, 11)],
    )
    with transaction.atomic():
        people(contacts)
        ids = list(Contact.objects.order_by("pk").values_list("pk", flat=True))
        messages = Message.objects.bulk_create(
            (
                Message(
                    mailing_id=mailing.pk,
                    contact_id=pk,
                    nonce=pk.to_bytes(6, "big"),
                    address_key=pk.to_bytes(16, "big"),
                    state="accepted",
                    due_at=NOW,
                    planned_at=NOW,
                )
                for pk in ids
            ),
            batch_size=2_000,
        )
        Attempt.objects.bulk_create(
            (Attempt(message_id=m.pk, at=NOW, outcome="accepted") for m in messages),
            batch_size=2_000,
        )
    return mailing.pk


def capture(
    mailing_id: int, message_id: int, at: datetime, *, chance: random.Random, contact_id: int
) -> Capture:
    from sincerely.wire.capture import CLICK, OPEN, Capture

    return Capture(
        at_us=int(at.timestamp() * 1e6),
        kind=chance.choice((OPEN, OPEN, CLICK)),
        mailing_id=mailing_id,
        message_id=message_id,
        nonce=contact_id.to_bytes(6, "big"),
        link_number=chance.randint(1, 10),
        ip=f"81.2.{chance.randrange(256)}.{chance.randrange(256)}",
        user_agent=BROWSER,
    )


def captures(signals: int, mailing_id: int) -> list[Capture]:
    from sincerely.apps.sending.models import Message

    chance = random.Random(1)
    messages = list(Message.objects.filter(mailing_id=mailing_id).values_list("pk", "contact_id"))
    rows = []
    for _ in range(signals):
        message_id, contact_id = chance.choice(messages)
        at = NOW + timedelta(seconds=chance.uniform(1, 80_000))
        rows.append(capture(mailing_id, message_id, at, chance=chance, contact_id=contact_id))
    return sorted(rows)


def plain(connection: Any) -> tuple[float, Timed]:
    """Insert the same events again, in batches of 10,000; return events a second."""
    from sincerely.apps.engagement import sql
    from sincerely.apps.engagement.models import Event

    names = [str(f.column) for f in Event._meta.concrete_fields if f.column != "id"]
    rows = list(Event.objects.filter(kind__in=("opened", "clicked")).values_list(*names))
    rows = [tuple(sql.at(v) if isinstance(v, datetime) else v for v in row) for row in rows]
    insert = (
        f"INSERT INTO engagement_event ({', '.join(names)}) "
        f"VALUES ({', '.join(['%s'] * len(names))})"
    )
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM engagement_event WHERE kind IN ('opened', 'clicked')")
        with Timed() as spent:
            for n in range(0, len(rows), 10_000):
                cursor.execute("BEGIN")
                cursor.executemany(insert, rows[n : n + 10_000])
                cursor.execute("COMMIT")
    return len(rows) / spent.wall, spent


def measure(contacts: int, signals: int) -> None:
    from django.db import connection

    from sincerely.apps.engagement.queries import capture_store
    from sincerely.engines.folder import main as folder
    from sincerely.engines.folder import steps

    mailing_id = world(contacts)
    folder.prepare()
    outcomes = stepped(steps.fold_outcomes, now=NOW + timedelta(hours=1))
    capture_store().append(captures(signals, mailing_id))
    later = NOW + timedelta(days=1)
    taken = stepped(steps.fold_captures, now=later)
    soon = stepped(steps.settle, now=later)
    final = stepped(steps.settle, now=NOW + timedelta(days=4))
    reference, spent = plain(connection)
    rate = signals / (taken.wall + soon.wall)
    all_rounds = signals / (taken.wall + soon.wall + final.wall)
    print(f"outcomes                {contacts / outcomes.wall:10,.0f}/s")
    print(f"captures                {signals / taken.wall:10,.0f}/s")
    print(f"second looks            {signals / soon.wall:10,.0f}/s")
    print(f"final looks             {signals / final.wall:10,.0f}/s")
    print(f"signals                 {rate:10,.0f}/s")
    print(f"  with the final look   {all_rounds:10,.0f}/s")
    print(f"plain insert            {reference:10,.0f}/s")
    print(f"ratio                   {rate / reference:10.2f}")
    print(f"CPU per signal          {1e6 * (taken.cpu + soon.cpu) / signals:10.0f} µs")
    print(f"CPU per plain insert    {1e6 * spent.cpu / signals:10.0f} µs")
    print(f"longest step            {LONGEST[0] * 1000:10.0f} ms")
    result = {
        "path": "fold",
        "database": connection.vendor,
        "measured": round(rate),
        "unit": "signals/s",
        "reference": round(reference),
        "reference_name": "plain insert of the same events, 10,000 to a transaction",
        "ratio": round(rate / reference, 2),
        "mark": MARK,
        "outcomes_per_s": round(contacts / outcomes.wall),
        "with_final_look_per_s": round(all_rounds),
        "cpu_us": round(1e6 * (taken.cpu + soon.cpu) / signals),
        "reference_cpu_us": round(1e6 * spent.cpu / signals),
        "longest_ms": round(LONGEST[0] * 1000),
    }
    print(f"RESULT {json.dumps(result)}")


def feed(rate: int, seconds: int, mailing_id: int, *, first: int, count: int) -> None:
    """Append captures at a rate, twenty times a second, as a tracker would; message = contact."""
    from sincerely.apps.engagement.queries import capture_store

    store, chance = capture_store(), random.Random(2)
    start, sent = time.monotonic(), 0
    while (passed := time.monotonic() - start) < seconds:
        due = int(passed * rate) - sent
        if due > 0:
            at = datetime.now(UTC) - AGO
            ids = (chance.randrange(first, first + count) for _ in range(due))
            store.append([capture(mailing_id, pk, at, chance=chance, contact_id=pk) for pk in ids])
            sent += due
        time.sleep(0.05)
    print(f"fed {sent:,} signals", flush=True)


def sustain(contacts: int, seconds: int, rate: int) -> None:
    """Fold what the feeder brings, and print the lag of each look."""
    from django.db import connection

    from sincerely.apps.contacts.models import Contact
    from sincerely.apps.sending.models import Message
    from sincerely.engines.folder import main as folder
    from sincerely.engines.folder import steps

    mailing_id = world(contacts)
    first = Contact.objects.order_by("pk").values_list("pk", flat=True)[0]
    assert Message.objects.order_by("pk").values_list("pk", flat=True)[0] == first
    stepped(steps.fold_outcomes, now=datetime.now(UTC))
    command = [sys.executable, "-m", "bench.fold", "--feed"]
    numbers = map(str, (rate, seconds, mailing_id, first, contacts))
    feeder = subprocess.Popen([*command, *numbers])
    stop, lags = threading.Event(), list[float]()
    watching = threading.Thread(target=watch, args=(stop, lags))
    watching.start()
    folding = threading.Thread(target=folder.run, args=(stop,))
    with Timed() as spent:
        folding.start()
        fed = cpu_of(feeder)
    stop.set()
    folding.join()
    watching.join()
    result = {
        "path": "fold, sustained",
        "database": connection.vendor,
        "measured": rate,
        "unit": "signals/s fed",
        "seconds": seconds,
        "mark": "lag does not grow",
        **said_of(lags),
        "cpu_share": round(spent.cpu / spent.wall, 2),
        "feeder_cpu_share": round(fed / spent.wall, 2),
        "memory_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }
    print(f"RESULT {json.dumps(result)}")


def cpu_of(child: subprocess.Popen[bytes]) -> float:
    """Wait for the end of a process; return its CPU seconds."""
    _pid, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    return used.ru_utime + used.ru_stime


def said_of(lags: list[float]) -> dict[str, float | str]:
    """Return the lag in the beginning, the middle and the end (each the highest of a third).

    It grows where the end is more than a second above both thirds before.
    """
    third = max(1, len(lags) // 3)
    parts = {"start": lags[:third], "middle": lags[third:-third], "end": lags[-third:]}
    highest = {name: round(max(part, default=0.0), 1) for name, part in parts.items()}
    print("  ".join(f"lag {name} {lag:.1f} s" for name, lag in highest.items()))
    growing = highest["end"] > max(highest["start"], highest["middle"]) + 1
    said = {f"lag_{name}_s": lag for name, lag in highest.items()}
    return {**said, "reached": "no" if growing else "yes"}


def watch(stop: threading.Event, lags: list[float]) -> None:
    """Every ten seconds, print how old the oldest signal is that a look has not reached."""
    from django.db import connection

    from sincerely.apps.engagement.models import Signal
    from sincerely.apps.engagement.queries.watermarks import CAPTURE, capture_store, position

    start = time.monotonic()
    while not stop.wait(10):
        waiting = capture_store().read(position(CAPTURE), 1)
        behind = [lag_of(datetime.fromtimestamp(w.capture.at_us / 1e6, UTC)) for w in waiting]
        for number in (2, 3):
            mark = position(f"round {number}")
            next_at = Signal.objects.filter(pk__gt=mark).order_by("pk").values_list("at", flat=True)
            behind += [lag_of(at) for at in next_at[:1]]
        lags.append(max(behind, default=0.0))
        print(f"{time.monotonic() - start:6.0f} s  lag {lags[-1]:6.1f} s", flush=True)
    connection.close()


def lag_of(at: datetime) -> float:
    return (datetime.now(UTC) - at - AGO).total_seconds()


def main() -> int:
    asked = options()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sincerely.project.settings")
    os.environ.setdefault("SINCERELY_LOG_LEVEL", "WARNING")
    with ExitStack() as open_things:
        if not asked.feed:
            home = tempfile.mkdtemp(prefix="bench-fold-")
            open_things.callback(shutil.rmtree, home, ignore_errors=True)
            os.environ["SINCERELY_HOME"] = home
            if asked.postgres:
                os.environ["DATABASE_URL"] = open_things.enter_context(durable_cluster())
        import django
        from django.core.management import call_command
        from django.db import connections

        django.setup()
        if asked.feed:
            rate, seconds, mailing_id, first, count = asked.feed
            feed(rate, seconds, mailing_id, first=first, count=count)
            return 0
        open_things.callback(connections.close_all)
        call_command("migrate", verbosity=0)
        if asked.sustain:
            sustain(asked.contacts, *asked.sustain)
        else:
            measure(asked.contacts, asked.signals)
    return 0


if __name__ == "__main__":
    sys.exit(main())
