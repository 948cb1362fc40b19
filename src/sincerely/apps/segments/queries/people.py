"""Loads contacts' facts for the evaluator, a batch at a time, one statement per table."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import Any

from sincerely.apps.consent.models import OptOut, Permission, Suppression
from sincerely.apps.contacts.models import Contact, FieldDefinition, ListMembership
from sincerely.apps.engagement.models import ContactEngagement, Delivery, Event
from sincerely.apps.interests.models import ContactLabel, LabelDay
from sincerely.apps.segments.rules.catalogue import STANDARD_FIELDS
from sincerely.apps.segments.rules.criteria.fields import clean_custom
from sincerely.apps.segments.rules.person import (
    DeliveryFacts,
    EventFacts,
    LabelDayFacts,
    Person,
)

VERDICTS = ("human", "undecided", "machine")
TIMES = {
    "last_sent": "last_sent_at",
    "last_open": "last_open_at",
    "last_click": "last_click_at",
    "last_reply": "last_reply_at",
    "last_machine_open": "last_machine_open_at",
    "imported_sent": "imported_sent_at",
}
COUNTS = {
    "sent": "sent_count",
    "delivered": "delivered_count",
    "opened": "open_count",
    "clicked": "click_count",
    "sent_since_engaged": "sent_since_engaged_count",
}
Rows = dict[int, list[Any]]


def _by_contact(rows: Iterable[Any]) -> Rows:
    grouped: Rows = defaultdict(list)
    for row in rows:
        grouped[row.contact_id].append(row)
    return grouped


def people(contact_ids: Collection[int]) -> dict[int, Person]:
    """Return the facts of these contacts by id; meant for batches of at most some hundreds."""
    contacts = Contact.objects.filter(pk__in=contact_ids)
    kinds = dict(FieldDefinition.objects.values_list("key", "kind"))
    keys = [bytes(contact.address_key) for contact in contacts]
    suppressed = {
        bytes(key)
        for key in Suppression.objects.filter(address_key__in=keys, lifted_at=None).values_list(
            "address_key", flat=True
        )
    }
    loaded = {
        model: _by_contact(model.objects.filter(contact_id__in=contact_ids))  # type: ignore[attr-defined]
        for model in (Permission, OptOut, ListMembership, ContactLabel, LabelDay, Delivery)
    }
    events = _by_contact(Event.objects.filter(contact_id__in=contact_ids).select_related("link"))
    rollups = ContactEngagement.objects.in_bulk(list(contact_ids))
    return {
        contact.pk: _person(
            contact,
            {model: rows.get(contact.pk, []) for model, rows in loaded.items()},
            events=events.get(contact.pk, []),
            rollup=rollups.get(contact.pk),
            kinds=kinds,
            is_suppressed=bytes(contact.address_key) in suppressed,
        )
        for contact in contacts
    }


def _person(
    contact: Contact,
    rows: dict[Any, list[Any]],
    *,
    events: list[Event],
    rollup: ContactEngagement | None,
    kinds: dict[str, str],
    is_suppressed: bool,
) -> Person:
    times = {name: getattr(rollup, column, None) for name, column in TIMES.items()}
    return Person(
        contact_id=contact.pk,
        fields={name: getattr(contact, name) for name in STANDARD_FIELDS},
        custom={key: clean_custom(contact.fields.get(key), kind) for key, kind in kinds.items()},
        times={**times, "signed_up": contact.signed_up_at, "created": contact.created_at},
        counts={name: getattr(rollup, column, 0) for name, column in COUNTS.items()},
        labels=frozenset(row.label_id for row in rows[ContactLabel] if row.is_held),
        label_days=tuple(_label_day(row) for row in rows[LabelDay]),
        permissions={
            row.subscription_type_id: (row.is_in, row.evidence) for row in rows[Permission]
        },
        is_opted_out=bool(rows[OptOut]),
        is_suppressed=is_suppressed,
        lists=frozenset(row.contact_list_id for row in rows[ListMembership]),
        deliveries=tuple(_delivery(row) for row in rows[Delivery]),
        events=tuple(_event(row) for row in events),
    )


def _label_day(row: LabelDay) -> LabelDayFacts:
    return LabelDayFacts(
        row.label_id, row.day, row.mailing_id, row.human_count, row.undecided_count, row.last_at
    )


def _delivery(row: Delivery) -> DeliveryFacts:
    return DeliveryFacts(
        mailing_id=row.mailing_id,
        sent_at=row.sent_at,
        delivered_at=row.delivered_at,
        bounced_at=row.bounced_at,
        unsubscribed_at=row.unsubscribed_at,
        complained_at=row.complained_at,
        opens={verdict: getattr(row, f"{verdict}_open_count") for verdict in VERDICTS},
        clicks={verdict: getattr(row, f"{verdict}_click_count") for verdict in VERDICTS},
    )


def _event(row: Event) -> EventFacts:
    return EventFacts(
        kind=row.kind,
        at=row.at,
        mailing_id=row.mailing_id,
        link_id=row.link_id,
        label_id=row.link.label_id if row.link else None,
        role=row.link.role if row.link else None,
        verdict=row.verdict,
    )
