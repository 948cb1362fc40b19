"""A small random population that touches every table a rule may read."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sincerely.apps.consent.models import (
    ConsentRecord,
    OptOut,
    Permission,
    SubscriptionType,
    Suppression,
)
from sincerely.apps.contacts.models import Contact, ContactList, FieldDefinition, ListMembership
from sincerely.apps.engagement.models import ContactEngagement, Delivery, Event, Link, Mailing
from sincerely.apps.interests.models import ContactLabel, LabelDay
from sincerely.apps.labels.models import Label

FIELDS = {
    "town": "text",
    "age": "number",
    "born": "date",
    "vip": "boolean",
    "size": "choice",
    "odd key": "text",
}
WRONG = ["", 0, True, "12", "2026-01-01", None, [1], {"a": 1}]
TEXTS = ["", "BE", "be", "België", "ANN", "Ann Lee", "%", "x_y", "É", "a"]
AGES = [0, 1, 364, 365, 366, 30, 89, 90, 91, 500]


@dataclass
class Population:
    """What was stored, by kind."""

    now: datetime
    contacts: list[int] = field(default_factory=list)
    labels: list[int] = field(default_factory=list)
    lists: list[int] = field(default_factory=list)
    types: list[int] = field(default_factory=list)
    mailings: list[int] = field(default_factory=list)
    links: list[int] = field(default_factory=list)
    segments: list[int] = field(default_factory=list)


def contact(number: int, now: datetime, **given: object) -> Contact:
    """Store a contact."""
    values: dict[str, object] = {
        "address": f"person{number}@example.com",
        "address_key": number.to_bytes(16, "big"),
        "domain": "example.com",
        "created_at": now,
        "changed_at": now,
    }
    return Contact.objects.create(**(values | given))


def populate(seed: int, now: datetime, *, size: int = 24) -> Population:
    """Store a population that depends on the seed only."""
    chance = random.Random(seed)
    made = Population(now)
    for key, kind in FIELDS.items():
        FieldDefinition.objects.create(
            key=key, name=key.title(), kind=kind, choices=["S", "M"], created_at=now
        )
    for number in range(2):
        made.labels.append(Label.objects.create(name=f"Label {number}", created_at=now).pk)
        made.lists.append(ContactList.objects.create(name=f"List {number}", created_at=now).pk)
        made.types.append(
            SubscriptionType.objects.create(
                name=f"T{number}", promised_per_month=4, created_at=now
            ).pk
        )
        mailing = Mailing.objects.create(tag="campaign", name=f"Mail {number}", created_at=now)
        made.mailings.append(mailing.pk)
        for index, role in enumerate(("content", "action", "unsubscribe")):
            link = Link.objects.create(
                mailing=mailing,
                number=index,
                url=f"https://example.com/{index}",
                role=role,
                label_id=chance.choice([None, *made.labels]),
            )
            made.links.append(link.pk)
    for number in range(size):
        _person(number, chance, made)
    return made


def _moment(chance: random.Random, now: datetime) -> datetime:
    return now - timedelta(
        days=chance.choice(AGES), seconds=chance.choice([-1, 0, 0, 1, 3600 * 11])
    )


def _maybe(chance: random.Random, now: datetime) -> datetime | None:
    return _moment(chance, now) if chance.random() < 0.6 else None


def _person(number: int, chance: random.Random, made: Population) -> None:
    now = made.now
    person = contact(
        number,
        now,
        first_name=chance.choice(TEXTS),
        language=chance.choice(["", "en", "nl"]),
        time_zone=chance.choice(["", "Europe/Oslo"]),
        source=chance.choice(["manual", "import"]),
        tracking_tier=chance.choice(["full", "full", "hygiene", "none"]),
        signed_up_at=_maybe(chance, now),
        fields=_fields(chance, now),
    )
    made.contacts.append(person.pk)
    if chance.random() < 0.7:
        ContactEngagement.objects.create(
            contact=person,
            last_sent_at=_maybe(chance, now),
            last_open_at=_maybe(chance, now),
            last_click_at=_maybe(chance, now),
            last_reply_at=_maybe(chance, now),
            last_machine_open_at=_maybe(chance, now),
            imported_sent_at=_maybe(chance, now),
            sent_count=chance.randrange(20),
            delivered_count=chance.randrange(4),
            open_count=chance.randrange(4),
            click_count=chance.randrange(4),
            sent_since_engaged_count=chance.randrange(20),
        )
    for name in (_standing, _labels, _mail):
        name(person, chance, made)


def _fields(chance: random.Random, now: datetime) -> dict[str, object]:
    values: dict[str, list[object]] = {
        "town": [*TEXTS],
        "odd key": [*TEXTS],
        "size": ["S", "M", "XL"],
        "age": [0, 1, 2.5, -3, 18, 10**6],
        "vip": [True, False],
        "born": [(now - timedelta(days=days)).date().isoformat() for days in (*AGES, -1, -30)],
    }
    return {
        key: chance.choice(WRONG) if chance.random() < 0.15 else chance.choice(options)
        for key, options in values.items()
        if chance.random() < 0.8
    }


def _standing(person: Contact, chance: random.Random, made: Population) -> None:
    now = made.now
    for kind in made.types:
        if chance.random() < 0.6:
            record = ConsentRecord.objects.create(
                contact=person,
                subscription_type_id=kind,
                act="permit",
                channel="form",
                at=now,
                recorded_at=now,
                commitment=b"x",
            )
            Permission.objects.create(
                contact=person,
                subscription_type_id=kind,
                is_in=chance.random() < 0.7,
                evidence=chance.randrange(3),
                record=record,
                since=now,
            )
            if chance.random() < 0.2:
                OptOut.objects.get_or_create(
                    contact=person, defaults={"record": record, "since": now}
                )
    if chance.random() < 0.2:
        Suppression.objects.create(
            address_key=person.address_key,
            reason="manual",
            since=now,
            lifted_at=chance.choice([None, now]),
        )
    for number in made.lists:
        if chance.random() < 0.4:
            ListMembership.objects.create(contact=person, contact_list_id=number, added_at=now)


def _labels(person: Contact, chance: random.Random, made: Population) -> None:
    for label in made.labels:
        if chance.random() < 0.5:
            ContactLabel.objects.create(
                contact=person,
                label_id=label,
                is_held=chance.random() < 0.8,
                route="click",
                since=made.now,
            )
        for mailing in (0, *made.mailings):
            if chance.random() < 0.5:
                LabelDay.objects.get_or_create(
                    contact=person,
                    label_id=label,
                    day=(made.now - timedelta(days=chance.choice(AGES))).date(),
                    mailing_id=mailing,
                    defaults={
                        "human_count": chance.randrange(3),
                        "undecided_count": chance.randrange(2),
                        "last_at": _maybe(chance, made.now),
                    },
                )


def _mail(person: Contact, chance: random.Random, made: Population) -> None:
    for index, mailing in enumerate(made.mailings):
        for copy in range(chance.choice([0, 1, 1, 2])):
            delivered = chance.random() < 0.8
            Delivery.objects.create(
                contact=person,
                mailing_id=mailing,
                message_id=copy,
                sent_at=_moment(chance, made.now),
                delivered_at=_moment(chance, made.now) if delivered else None,
                bounced_at=_moment(chance, made.now) if chance.random() < 0.2 else None,
                unsubscribed_at=_moment(chance, made.now) if chance.random() < 0.1 else None,
                complained_at=_moment(chance, made.now) if chance.random() < 0.1 else None,
                **{
                    f"{verdict}_{what}_count": chance.choice([0, 0, 1, 3])
                    for verdict in ("human", "undecided", "machine")
                    for what in ("open", "click")
                },
            )
        for _ in range(chance.randrange(4)):
            kind = chance.choice(["delivered", "opened", "clicked", "clicked", "sent", "bounced"])
            link = chance.choice([None, *made.links[index * 3 : index * 3 + 3]])
            Event.objects.create(
                contact=person,
                kind=kind,
                at=_moment(chance, made.now),
                mailing_id=mailing,
                message_id=0,
                link_id=link if kind == "clicked" else None,
                verdict=chance.choice(["human", "human", "undecided", "machine"]),
            )
