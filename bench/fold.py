"""The fold: outcomes and signals per second, against a plain insert of the same events.

Makes a fresh SQLite installation in a temporary folder (or uses DATABASE_URL as it is), plans one
mailing to N contacts by plain SQL, folds the outcomes, captures M clicks and opens of people and
scanners, folds them in all three rounds, and compares with inserting the same rows into a copy of
the indexed event table. Run: `python -m bench.fold [contacts] [signals]`.
"""

# ruff: noqa: PLC0415, SLF001 -- the settings must be named before any model is imported
from __future__ import annotations

import os
import random
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta

NOW = datetime(2026, 6, 15, 12, 0, tzinfo=UTC)
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def main(contacts: int = 50_000, signals: int = 30_000) -> dict[str, float]:
    """Run once and return rates per second and the ratio to the plain insert."""
    with tempfile.TemporaryDirectory(prefix="bench-fold-") as home:
        os.environ.setdefault("SINCERELY_HOME", home)
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sincerely.project.settings")
        os.environ.setdefault("SINCERELY_LOG_LEVEL", "WARNING")
        import django

        django.setup()
        return _measure(contacts, signals)


def _measure(contacts: int, signals: int) -> dict[str, float]:
    from django.core.management import call_command
    from django.db import connection

    call_command("migrate", verbosity=0)
    mailing_id = _world(contacts)
    capture = _captures(contacts, signals, mailing_id)
    from sincerely.apps.engagement.queries import capture_store
    from sincerely.engines.folder import steps

    figures = {"outcomes/s": _timed(contacts, steps.fold_outcomes, now=NOW + timedelta(hours=1))}
    capture_store().append(capture)
    later = NOW + timedelta(days=1)
    spent = time.perf_counter()
    figures["captures/s"] = _timed(signals, steps.fold_captures, now=later)
    figures["second looks/s"] = _timed(signals, steps.settle_soon, now=later)
    spent = time.perf_counter() - spent
    figures["final looks/s"] = _timed(signals, steps.settle_finally, now=NOW + timedelta(days=4))
    figures["signals/s"] = signals / spent
    figures["plain insert/s"] = _plain(connection)
    figures["ratio"] = figures["signals/s"] / figures["plain insert/s"]
    figures["longest step ms"] = LONGEST[0] * 1000
    return figures


LONGEST = [0.0]


def _timed(rows: int, step, **arguments) -> float:
    start = time.perf_counter()
    while True:
        before = time.perf_counter()
        done = step(**arguments)
        LONGEST[0] = max(LONGEST[0], time.perf_counter() - before)
        if not done.is_more:
            return rows / (time.perf_counter() - start)


def _people(contacts: int) -> None:
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


def _world(contacts: int) -> int:
    from django.db import transaction

    from sincerely.apps.contacts.models import Contact
    from sincerely.apps.engagement.actions import LinkSpec, register_mailing, replace_links
    from sincerely.apps.labels.models import Label
    from sincerely.apps.sending.models import Attempt, Message

    mailing = register_mailing("Bench", tag="campaign", now=NOW)
    label = Label.objects.create(name="Bench", created_at=NOW)
    replace_links(
        mailing.pk,
        [LinkSpec(n, f"https://shop.example/{n}", label_id=label.pk) for n in range(1, 11)],
    )
    with transaction.atomic():
        _people(contacts)
        ids = Contact.objects.order_by("pk").values_list("pk", flat=True)
        Message.objects.bulk_create(
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
            (
                Attempt(message_id=pk, at=NOW, outcome="accepted")
                for pk in Message.objects.order_by("pk").values_list("pk", flat=True)
            ),
            batch_size=2_000,
        )
    return mailing.pk


def _captures(contacts: int, signals: int, mailing_id: int):
    from sincerely.apps.sending.models import Message
    from sincerely.wire.capture import CLICK, OPEN, Capture

    chance = random.Random(1)
    messages = list(
        Message.objects.filter(mailing_id=mailing_id).values_list("pk", "contact_id")[:contacts]
    )
    rows = []
    for _ in range(signals):
        message_id, contact_id = chance.choice(messages)
        after = timedelta(seconds=chance.uniform(1, 80_000))
        rows.append(
            Capture(
                at_us=int((NOW + after).timestamp() * 1e6),
                kind=chance.choice((OPEN, OPEN, CLICK)),
                mailing_id=mailing_id,
                message_id=message_id,
                nonce=contact_id.to_bytes(6, "big"),
                link_number=chance.randint(1, 10),
                ip=f"81.2.{chance.randrange(256)}.{chance.randrange(256)}",
                user_agent=BROWSER,
            )
        )
    return sorted(rows)


def _plain(connection) -> float:
    """Insert the same events into a table with the same indexes, in batches of 10,000."""
    from sincerely.apps.engagement import sql
    from sincerely.apps.engagement.models import Event

    names = [f.column for f in Event._meta.concrete_fields if f.column != "id"]
    rows = list(Event.objects.filter(kind__in=("opened", "clicked")).values_list(*names))
    rows = [tuple(sql.at(v) if isinstance(v, datetime) else v for v in row) for row in rows]
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM engagement_event WHERE kind IN ('opened', 'clicked')")
        start = time.perf_counter()
        for n in range(0, len(rows), 10_000):
            cursor.execute("BEGIN")
            cursor.executemany(
                f"INSERT INTO engagement_event ({', '.join(names)}) "
                f"VALUES ({', '.join(['%s'] * len(names))})",
                rows[n : n + 10_000],
            )
            cursor.execute("COMMIT")
    return len(rows) / (time.perf_counter() - start)


if __name__ == "__main__":
    for name, value in main(*map(int, sys.argv[1:])).items():
        print(f"{name:18} {value:12,.2f}")
