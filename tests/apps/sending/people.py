"""Contacts with exactly the facts that a test of the gate needs, and mailings to send to them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings

from sincerely.apps.consent.models import (
    Act,
    ConsentRecord,
    OptOut,
    Permission,
    SubscriptionType,
    Suppression,
)
from sincerely.apps.contacts.models import Contact
from sincerely.apps.engagement.models import ContactEngagement, Mailing
from sincerely.apps.segments.query import ContactQuery
from sincerely.apps.sending.actions.dispatches import open_dispatch
from sincerely.apps.sending.actions.senders import ensure_default_sender
from sincerely.apps.sending.actions.transports import mailbox_transport
from sincerely.apps.sending.models import Dispatch
from tests.cast import Cast

EVERYBODY = ContactQuery("SELECT id AS contact_id FROM contacts_contact")


def key_of(address: str) -> bytes:
    """The gate's key, as the contacts domain makes it."""
    return hashlib.blake2b(
        address.lower().encode(), digest_size=16, key=settings.ADDRESS_KEY
    ).digest()


def add_contact(address: str, *, now: datetime, share: int = 0, **columns: Any) -> Contact:
    return Contact.objects.create(
        address=address,
        address_key=key_of(address),
        share_number=share,
        domain=address.rpartition("@")[2],
        created_at=now,
        changed_at=now,
        **columns,
    )


def marketing(now: datetime) -> SubscriptionType:
    found = SubscriptionType.objects.filter(is_default=True).first()
    return found or SubscriptionType.objects.create(
        name="Marketing Information", is_default=True, created_at=now
    )


def _proof_of(contact: Contact) -> dict[str, Any]:
    salt, payload = b"0123456789abcdef", json.dumps({"address": contact.address})
    commitment = hashlib.sha256(salt + payload.encode()).digest()
    return {"salt": salt, "payload": payload, "commitment": commitment}


def add_permission(
    contact: Contact,
    kind: SubscriptionType,
    *,
    now: datetime,
    is_in: bool = True,
    channel: str = "import",
    since: datetime | None = None,
    **record: Any,
) -> ConsentRecord:
    values = {
        "contact": contact,
        "subscription_type": kind,
        "act": Act.PERMIT if is_in else Act.WITHDRAW,
        "channel": channel,
        "evidence": 1,
        "at": since or now,
        "recorded_at": now,
        **_proof_of(contact),
    } | record
    stored = ConsentRecord.objects.create(**values)
    Permission.objects.update_or_create(
        contact=contact,
        subscription_type=kind,
        defaults={
            "is_in": is_in,
            "evidence": values["evidence"],
            "record": stored,
            "since": since or now,
        },
    )
    return stored


def add_opt_out(contact: Contact, *, now: datetime, cause: str = "", channel: str = "link") -> None:
    record = ConsentRecord.objects.create(
        contact=contact,
        act=Act.WITHDRAW,
        channel=channel,
        at=now,
        recorded_at=now,
        commitment=bytes(32),
    )
    OptOut.objects.create(contact=contact, record=record, since=now, cause=cause)


def add_suppression(contact: Contact, reason: str, *, now: datetime) -> Suppression:
    return Suppression.objects.create(
        address_key=bytes(contact.address_key), reason=reason, since=now
    )


def add_history(contact: Contact, **columns: Any) -> None:
    ContactEngagement.objects.create(contact=contact, **columns)


def opted_in(
    count: int, *, now: datetime, kind: SubscriptionType, domain: str = "example.com"
) -> list[Contact]:
    """That many mailable contacts, quickly."""
    first = Contact.objects.order_by("-id").values_list("id", flat=True).first() or 0
    contacts = Contact.objects.bulk_create(
        Contact(
            address=f"person{first + n}@{domain}",
            address_key=key_of(f"person{first + n}@{domain}"),
            domain=domain,
            first_name=f"Name{n}",
            created_at=now,
            changed_at=now,
        )
        for n in range(1, count + 1)
    )
    records = ConsentRecord.objects.bulk_create(
        ConsentRecord(
            contact=contact,
            subscription_type=kind,
            act=Act.PERMIT,
            channel="import",
            evidence=1,
            at=now,
            recorded_at=now,
            **_proof_of(contact),
        )
        for contact in contacts
    )
    Permission.objects.bulk_create(
        Permission(
            contact_id=record.contact_id,
            subscription_type=kind,
            is_in=True,
            evidence=1,
            record=record,
            since=now,
        )
        for record in records
    )
    return contacts


def add_dispatch(
    cast: Cast,
    *,
    now: datetime,
    kind: SubscriptionType | None,
    tag: str = "campaign",
    transport_id: int | None = None,
    **columns: Any,
) -> Dispatch:
    mailing = Mailing.objects.create(
        tag=tag, name="June", subscription_type_id=kind.pk if kind else None, created_at=now
    )
    sender = ensure_default_sender(
        brand_id=cast.brand.pk, name="Pet shop", address="mail@shop.example", now=now
    )
    return open_dispatch(
        mailing.pk,
        sender_id=sender.pk,
        transport_id=transport_id or mailbox_transport(now=now).pk,
        subscription_type_id=kind.pk if kind else None,
        now=now,
        **columns,
    )


def only(contacts: Sequence[Contact]) -> ContactQuery:
    marks = ", ".join(["%s"] * len(contacts)) or "NULL"
    return ContactQuery(
        f"SELECT id AS contact_id FROM contacts_contact WHERE id IN ({marks})",
        tuple(c.pk for c in contacts),
    )


def between(first: Contact, last: Contact) -> ContactQuery:
    """The contacts of a range of ids."""
    sql = "SELECT id AS contact_id FROM contacts_contact WHERE id BETWEEN %s AND %s"
    return ContactQuery(sql, (first.pk, last.pk))


YEAR_AGO_AND_A_DAY = timedelta(days=366)
