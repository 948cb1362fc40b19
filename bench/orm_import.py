"""The ORM way to take a batch of people: `bulk_create` with conflicts, table by table."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import UTC, datetime

from django.conf import settings

from sincerely.apps.consent.actions.types import default_subscription_type
from sincerely.apps.consent.models import ConsentRecord, Permission
from sincerely.apps.consent.rules.proof import Proof, canonical_payload, commitment_of
from sincerely.apps.contacts.models import Contact
from sincerely.apps.contacts.rules.addresses import key_of
from sincerely.apps.engagement.models import ContactEngagement
from sincerely.apps.interests.models import ContactLabel, LabelChange
from sincerely.apps.labels.models import Label
from sincerely.apps.people.models import Import, ImportTouch

People = list[tuple[int, Contact, Mapping[str, str]]]
COLUMNS = ("first_name", "last_name", "language", "fields", "signed_up_at", "changed_at")


def take_batch(batch: Mapping[str, Mapping[str, str]], *, now: datetime) -> None:
    """Write what an import writes of these rows by address; undo only knows who was touched."""
    contacts = [_contact(address, row, now) for address, row in batch.items()]
    Contact.objects.bulk_create(
        contacts,
        update_conflicts=True,
        unique_fields=["address_key", "share_number"],
        update_fields=COLUMNS,
    )
    keys = {bytes(contact.address_key) for contact in contacts}
    found = Contact.objects.filter(address_key__in=keys)
    ids = {bytes(key): pk for key, pk in found.values_list("address_key", "pk")}
    people = [(ids[bytes(c.address_key)], c, batch[c.address]) for c in contacts]
    work, _ = Import.objects.get_or_create(
        file_name="orm", defaults={"stored_as": "", "size_bytes": 0, "created_at": now}
    )
    _label(people, work, now)
    _permit(people, work, now)
    ContactEngagement.objects.bulk_create(
        [
            ContactEngagement(
                contact_id=pk,
                last_open_at=_moment(row["last opened"]),
                imported_open_at=_moment(row["last opened"]),
            )
            for pk, _contact, row in people
        ],
        update_conflicts=True,
        unique_fields=["contact"],
        update_fields=["last_open_at", "imported_open_at"],
    )
    touches = [ImportTouch(batch=work, contact_id=pk) for pk, _contact, _row in people]
    ImportTouch.objects.bulk_create(touches, ignore_conflicts=True)


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text).replace(tzinfo=UTC) if text else None


def _contact(address: str, row: Mapping[str, str], now: datetime) -> Contact:
    return Contact(
        address=address,
        address_key=key_of(settings.ADDRESS_KEY, address.lower()),
        domain=address.rpartition("@")[2],
        first_name=row["first name"],
        last_name=row["last name"],
        language=row["language"],
        fields={name: row[name] for name in ("country", "city", "points")},
        signed_up_at=_moment(row["signed up"]),
        created_at=now,
        changed_at=now,
    )


def _label(people: People, work: Import, now: datetime) -> None:
    labels = dict(Label.objects.values_list("name", "pk"))
    given = [
        (pk, labels[name])
        for pk, _contact, row in people
        for name in row["interesselabels"].split(",")
        if name
    ]
    fixed = {"route": "import"}
    ContactLabel.objects.bulk_create(
        [ContactLabel(contact_id=c, label_id=n, since=now, **fixed) for c, n in given],
        ignore_conflicts=True,
    )
    LabelChange.objects.bulk_create(
        [
            LabelChange(contact_id=c, label_id=n, is_added=True, at=now, import_id=work.pk, **fixed)
            for c, n in given
        ]
    )


def _permit(people: People, work: Import, now: datetime) -> None:
    kind = default_subscription_type(now)
    records = []
    for pk, contact, row in people:
        salt = secrets.token_bytes(16)
        payload = canonical_payload(Proof(address=contact.address, document="old tool"))
        records.append(
            ConsentRecord(
                contact_id=pk, subscription_type=kind, act="permit", channel="import", evidence=1,
                at=_moment(row["signed up"]) or now, recorded_at=now, cause="import",
                import_id=work.pk, salt=salt, payload=payload,
                commitment=commitment_of(salt, payload),
            )
        )  # fmt: skip
    ConsentRecord.objects.bulk_create(records)
    Permission.objects.bulk_create(
        [
            Permission(
                contact_id=r.contact_id, subscription_type=kind, is_in=True, evidence=1,
                record_id=r.pk, since=r.at,
            )
            for r in records
        ],
        ignore_conflicts=True,
    )  # fmt: skip
