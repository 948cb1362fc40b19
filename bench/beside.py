"""The writing beside the reader of bench.pages: an import, outcomes, the stored sets."""

from __future__ import annotations

import sys
import threading
import time

from bench.world import CAMPAIGNS, NOW, World, remember
from django.db import models, transaction

from sincerely.apps.consent.models import ConsentRecord, Permission, SubscriptionType
from sincerely.apps.contacts.models import Contact, ListMembership
from sincerely.apps.engagement.models import Delivery
from sincerely.apps.segments import tasks
from sincerely.apps.sending.models import Message
from sincerely.wire import clock


def write(world: World, stop: threading.Event) -> None:
    """Import and send until told to stop, each transaction about 50 ms; keep the sets."""
    type_id = SubscriptionType.objects.order_by("pk").values_list("pk", flat=True)[0]
    mailing, size, sent, kept = world.mailings[CAMPAIGNS - 1], 200, 0, time.monotonic()
    transactions = people = 0
    while not stop.is_set():
        began = time.monotonic()
        with transaction.atomic():
            _import(size, type_id, world.list_id)
        spent = time.monotonic() - began
        people += size
        size = int(max(50, min(2_000, size * (0.05 / max(spent, 0.001)) ** 0.5)))
        for _ in range(3):
            with transaction.atomic():
                _send(mailing, sent, 200)
            sent = (sent + 200 * 3) % world.contacts
        transactions += 4
        if time.monotonic() - kept > 1:
            tasks.keep_sets(now=clock.now(), owner="bench", stop=stop)
            kept = time.monotonic()
        stop.wait(0.01)
    print(f"beside: {people:,} people imported, {transactions:,} transactions")


def _import(size: int, type_id: int, list_id: int) -> None:
    # Below 2^40 as the made-up keys are, but from a range of their own.
    first = time.time_ns() // 1000 % 2**39 + 2**40
    made = Contact.objects.bulk_create(
        Contact(
            address=f"new{number}@example.org", address_key=number.to_bytes(16, "big"),
            domain="example.org", source="import", created_at=NOW, changed_at=NOW,
        )
        for number in range(first, first + size)
    )  # fmt: skip
    records = ConsentRecord.objects.bulk_create(
        ConsentRecord(
            contact=contact, subscription_type_id=type_id, act="permit", channel="import", at=NOW,
            recorded_at=NOW, commitment=b"x",
        )
        for contact in made
    )  # fmt: skip
    Permission.objects.bulk_create(
        Permission(
            contact_id=record.contact_id, subscription_type_id=type_id, is_in=True, evidence=1,
            record=record, since=NOW,
        )
        for record in records
    )  # fmt: skip
    ListMembership.objects.bulk_create(
        ListMembership(contact=contact, contact_list_id=list_id, added_at=NOW) for contact in made
    )


def _send(mailing: int, after: int, limit: int) -> None:
    """Write outcomes of some messages, and what the fold makes of them."""
    rows = Message.objects.filter(mailing_id=mailing, contact_id__gt=after).order_by("contact_id")
    chosen = list(rows.values_list("pk", "contact_id")[:limit])
    Message.objects.filter(pk__in=[pk for pk, _id in chosen]).update(
        attempt_count=models.F("attempt_count") + 1
    )
    Delivery.objects.filter(mailing_id=mailing, contact_id__in=[pk for _id, pk in chosen]).update(
        human_open_count=models.F("human_open_count") + 1
    )


def writer() -> None:
    """Run the writing side: it ends when its standard input does."""
    world = remember(World())
    stop = threading.Event()
    threading.Thread(target=_until_told, args=(stop,), daemon=True).start()
    write(world, stop)


def _until_told(stop: threading.Event) -> None:
    """Set the event when the standard input ends."""
    sys.stdin.read()
    stop.set()
