"""Random changes to what stored sets are made of: rows of every watched table, by many ways."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta

from django.db.models import F

from sincerely.apps.consent.models import ConsentRecord, OptOut, Permission, Suppression
from sincerely.apps.consent.rules.proof import commitment_of
from sincerely.apps.contacts.models import Contact, ListMembership
from sincerely.apps.engagement import sql
from sincerely.apps.engagement.models import ContactEngagement, Delivery
from sincerely.apps.interests.models import ContactLabel
from tests.apps.segments.population import Population, contact

Change = Callable[[random.Random, Population], None]


def change(chance: random.Random, made: Population) -> None:
    """Change something."""
    chance.choice(CHANGES)(chance, made)


def change_a_delivery(chance: random.Random, made: Population) -> None:
    """Change a delivery itself or what was done with it."""
    chance.choice((_deed, _delivery))(chance, made)


def _somebody(chance: random.Random) -> Contact:
    return chance.choice(list(Contact.objects.order_by("pk")))


def _list(chance: random.Random, made: Population) -> None:
    key = {"contact": _somebody(chance), "contact_list_id": chance.choice(made.lists)}
    row, is_new = ListMembership.objects.get_or_create(**key, defaults={"added_at": made.now})
    if not is_new:
        row.delete()


def _label(chance: random.Random, made: Population) -> None:
    ContactLabel.objects.update_or_create(
        contact=_somebody(chance),
        label_id=chance.choice(made.labels),
        defaults={"is_held": chance.random() < 0.5, "route": "click", "since": made.now},
    )


def _merge_labels(chance: random.Random, made: Population) -> None:
    person = _somebody(chance)
    ContactLabel.objects.filter(contact=person, label_id=made.labels[1]).delete()
    ContactLabel.objects.filter(contact=person, label_id=made.labels[0]).update(
        label_id=made.labels[1]
    )


def _permission(chance: random.Random, made: Population) -> None:
    kind = chance.choice(made.types)
    rows = Permission.objects.filter(subscription_type_id=kind).order_by("pk")
    row = chance.choice([None, *rows])
    if row is not None and chance.random() < 0.7:
        row.is_in = not row.is_in
        row.save()
    elif row is not None:
        row.delete()


def _opt_out(chance: random.Random, made: Population) -> None:
    record = chance.choice(list(ConsentRecord.objects.order_by("pk")))
    found = OptOut.objects.filter(contact_id=record.contact_id)
    if not found.delete()[0]:
        OptOut.objects.create(contact_id=record.contact_id, record=record, since=made.now)


def _suppression(chance: random.Random, made: Population) -> None:
    keys = [bytes(_somebody(chance).address_key), chance.randbytes(16)]
    row = Suppression.objects.filter(address_key__in=keys, lifted_at=None).first()
    if row is None:
        Suppression.objects.create(address_key=chance.choice(keys), reason="manual", since=made.now)
    elif chance.random() < 0.5:
        Suppression.objects.filter(pk=row.pk).update(lifted_at=made.now)
    else:
        row.delete()


def _new(chance: random.Random, made: Population) -> None:
    number = chance.randrange(10**6, 10**9)
    person = contact(number, made.now, language=chance.choice(["", "nl", "sv"]))
    made.contacts.append(person.pk)


def _gone(chance: random.Random, made: Population) -> None:
    if Contact.objects.count() > 12:
        _somebody(chance).delete()


def _fields(chance: random.Random, made: Population) -> None:
    person = _somebody(chance)
    person.language = chance.choice(["", "en", "nl", "da", "NL"])
    person.fields = {**person.fields, "size": chance.choice(["S", "M", "L", 7, None])}
    person.fields["vip"] = chance.choice([True, False, "x"])
    person.save()


def _address(chance: random.Random, made: Population) -> None:
    """Somebody takes an address that is suppressed, or a new one."""
    blocked = (
        Suppression.objects.filter(lifted_at=None)
        .order_by("pk")
        .values_list("address_key", flat=True)
    )
    key = chance.choice([chance.randbytes(16), *map(bytes, blocked)])
    if not Contact.objects.filter(address_key=key).exists():
        Contact.objects.filter(pk=_somebody(chance).pk).update(address_key=key)


def _outcome(chance: random.Random, made: Population) -> None:
    """As the fold writes: upserts that make or change a delivery."""
    rows = [
        sql.delivery_row(
            (_somebody(chance).pk, chance.choice(made.mailings), chance.choice([0, 9])),
            {
                "sent_at": made.now,
                "delivered_at": chance.choice([None, made.now]),
                "bounced_at": chance.choice([None, None, made.now]),
                "human_open_count": chance.choice([0, 1]),
                "human_click_count": chance.choice([0, 0, 1]),
            },
        )
        for _ in range(chance.choice([1, 3]))
    ]
    sql.run_many(sql.ADD_TO_DELIVERIES, rows)


def _rejudged(chance: random.Random, made: Population) -> None:
    person = _somebody(chance)
    Delivery.objects.filter(contact=person).update(human_open_count=chance.choice([0, 2]))
    Delivery.objects.filter(contact=person, human_click_count__gt=0).update(
        human_click_count=F("human_click_count") - 1
    )


def _deed(chance: random.Random, made: Population) -> None:
    """Somebody leaves by a mail or complains about it, or neither is so any more."""
    column = chance.choice(["unsubscribed_at", "complained_at"])
    of_one = Delivery.objects.filter(contact=_somebody(chance))
    of_one.update(**{column: chance.choice([None, made.now])})


def _delivery(chance: random.Random, made: Population) -> None:
    """A delivery itself changes: sent or not, arrived or not, or it is another's."""
    of_one = Delivery.objects.filter(contact=_somebody(chance))
    column = chance.choice(["sent_at", "delivered_at", "bounced_at"])
    of_one.update(**{column: chance.choice([None, made.now])})
    moved = of_one.first()
    if moved is not None and chance.random() < 0.3:
        place = {"contact": _somebody(chance), "mailing_id": chance.choice(made.mailings)}
        if not Delivery.objects.filter(**place, message_id=moved.message_id).exists():
            Delivery.objects.filter(pk=moved.pk).update(**place)


def _unsent(chance: random.Random, made: Population) -> None:
    Delivery.objects.filter(contact=_somebody(chance)).delete()


def _opened(chance: random.Random, made: Population) -> None:
    """The last open or click moves, forwards or backwards, or is forgotten; or all of it is."""
    person = _somebody(chance)
    moved = {
        name: chance.choice([None, made.now - timedelta(days=chance.choice([0, 1, 40, 364, 400]))])
        for name in chance.choice([["last_open_at"], ["last_open_at", "last_click_at"]])
    }
    if chance.random() < 0.2:
        ContactEngagement.objects.filter(contact=person).delete()
    ContactEngagement.objects.update_or_create(contact=person, defaults=moved)


def evidence(chance: random.Random, made: Population) -> None:
    """A record becomes evidence, or is none any more; a permission gets weaker or stronger."""
    record = chance.choice(list(ConsentRecord.objects.order_by("pk")))
    record.salt, record.payload = b"0123456789abcdef", "{}"
    record.commitment = commitment_of(record.salt, record.payload)
    record.act = "permit"
    record.channel = chance.choice(["form", "import", "import", "complaint"])
    record.revoked_at = chance.choice([None, None, None, made.now])
    if chance.random() < 0.2:
        record.salt = record.payload = None
    record.save()
    Permission.objects.filter(record=record).update(
        is_in=chance.random() < 0.8,
        evidence=chance.choice([0, 1, 2, 2]),
        since=made.now - timedelta(days=chance.choice([1, 500])),
    )


def shares(chance: random.Random, made: Population) -> None:
    """Somebody has another's address, or their own again."""
    person, other = _somebody(chance), _somebody(chance)
    key, number = bytes(other.address_key), chance.randrange(1, 30_000)
    if chance.random() < 0.3:
        key, number = chance.randbytes(16), 0
    Contact.objects.filter(pk=person.pk).update(address_key=key, share_number=number)


def mailed_long_ago(chance: random.Random, made: Population) -> None:
    long_ago = made.now - timedelta(days=chance.choice([20, 500]))
    imported = chance.choice([None, long_ago, made.now - timedelta(days=500)])
    ContactEngagement.objects.filter(contact=_somebody(chance)).update(
        last_sent_at=long_ago, imported_sent_at=imported
    )


CHANGES: tuple[Change, ...] = (
    _list, _label, _merge_labels, _permission, _opt_out, _suppression, _new, _gone, _fields,
    _address, _outcome, _rejudged, _unsent, _opened, _opened,
    evidence, evidence, evidence, shares, mailed_long_ago,
)  # fmt: skip
