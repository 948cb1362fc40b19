"""Writes of contacts: entering one, changing one, and the note that says so on the timeline."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Max

from sincerely.apps.contacts.models import Contact, ContactNote, FieldDefinition, TrackingTier
from sincerely.apps.contacts.rules.addresses import key_of, parse_address
from sincerely.apps.contacts.rules.fields import BadValue, typed
from sincerely.apps.team.actions import audit
from sincerely.apps.team.queries import organisation
from sincerely.apps.team.rules import Actor

PLAIN = ("first_name", "last_name", "language", "time_zone", "tracking_tier", "signed_up_at")
CHANGEABLE = ("address", *PLAIN, "fields")


class BadChange(ValueError):
    """A change that cannot be made; `field` names the column or custom field, `code` why."""

    def __init__(self, field: str, code: str) -> None:
        super().__init__(f"{field}: {code}")
        self.field = field
        self.code = code


@transaction.atomic
def create_contact(
    raw_address: str,
    *,
    now: datetime,
    actor: Actor,
    first_name: str = "",
    last_name: str = "",
    language: str = "",
    time_zone: str = "",
    fields: Mapping[str, Any] | None = None,
    source: str = "manual",
    share: bool = False,
) -> Contact:
    """Store a contact, or update the one that has this address, and return it.

    With `share` a further contact is made beside those who have the address. Empty values never
    wipe what is known. The contact may not be mailed until a consent record says so. Raises
    BadAddress, and BadChange for a custom field.
    """
    typed_fields = _typed_fields(fields or {})
    given: dict[str, Any] = {
        "first_name": first_name,
        "last_name": last_name,
        "language": language,
        "time_zone": time_zone,
        "fields": typed_fields,
    }
    parsed = parse_address(raw_address)
    key = key_of(settings.ADDRESS_KEY, parsed.key_text)
    sharers = Contact.objects.filter(address_key=key)
    known = sharers.order_by("share_number").first()
    if known and not share:
        changes = {name: value for name, value in given.items() if value}
        return edit_contact(known.pk, changes=changes, now=now, actor=actor)
    highest = sharers.aggregate(highest=Max("share_number"))["highest"]
    house = organisation()
    contact = Contact.objects.create(
        **given,
        address=parsed.address,
        address_key=key,
        share_number=0 if highest is None else highest + 1,
        domain=parsed.domain,
        source=source,
        tracking_tier=house.default_tracking_tier if house else TrackingTier.FULL,
        created_at=now,
        changed_at=now,
    )
    note(contact.pk, "created", now=now, actor=actor, detail={"source": source})
    audit(actor, "contact created", now=now, subject=contact, detail={"source": source})
    return contact


@transaction.atomic
def edit_contact(
    contact_id: int, *, changes: Mapping[str, Any], now: datetime, actor: Actor
) -> Contact:
    """Change the named columns and custom fields (`fields`: key → value, None clears); return it.

    What really changed is noted on the timeline and in the audit trail; no change writes nothing.
    Raises Contact.DoesNotExist, BadAddress, and BadChange (also where the address is taken).
    """
    contact = Contact.objects.select_for_update().get(pk=contact_id)
    before = {name: getattr(contact, name) for name in PLAIN} | {"address": contact.address}
    before["fields"] = dict(contact.fields)
    for name, value in changes.items():
        _apply(contact, name, value)
    changed = _differences(before, contact)
    if not changed:
        return contact
    contact.changed_at = now
    contact.save()
    note(contact.pk, "edited", now=now, actor=actor, detail={"changes": changed})
    audit(actor, "contact edited", now=now, subject=contact, detail={"columns": sorted(changed)})
    return contact


def note(
    contact_id: int,
    act: str,
    *,
    now: datetime,
    actor: Actor,
    detail: Mapping[str, Any] | None = None,
) -> ContactNote:
    """Add a line to a contact's timeline, in the caller's transaction."""
    return ContactNote.objects.create(
        contact_id=contact_id,
        at=now,
        act=act,
        member_id=actor.member_id,
        detail=dict(detail or {}),
    )


def _apply(contact: Contact, name: str, value: Any) -> None:
    if name == "address":
        _move(contact, str(value))
    elif name == "fields":
        merged = {**contact.fields, **_typed_fields(value)}
        contact.fields = {key: item for key, item in merged.items() if item is not None}
    elif name in PLAIN:
        setattr(contact, name, value)
    else:
        raise BadChange(name, "unknown_field")


def _move(contact: Contact, raw_address: str) -> None:
    parsed = parse_address(raw_address)
    key = key_of(settings.ADDRESS_KEY, parsed.key_text)
    if key != bytes(contact.address_key):
        if Contact.objects.filter(address_key=key).exists():
            raise BadChange("address", "taken")
        contact.address_key = key
        contact.share_number = 0
    contact.address, contact.domain = parsed.address, parsed.domain


def _typed_fields(values: Mapping[str, Any]) -> dict[str, Any]:
    if not values:
        return {}
    known = {d.key: d for d in FieldDefinition.objects.filter(key__in=list(values))}
    result: dict[str, Any] = {}
    for key, value in values.items():
        if key not in known:
            raise BadChange(key, "unknown_field")
        try:
            result[key] = typed(value, kind=known[key].kind, choices=known[key].choices)
        except BadValue as problem:
            raise BadChange(key, problem.code) from problem
    return result


def _differences(before: Mapping[str, Any], contact: Contact) -> dict[str, list[Any]]:
    changed: dict[str, list[Any]] = {}
    for name, old in before.items():
        new = getattr(contact, name)
        if name == "fields":
            for key in sorted({*old, *new}):
                if old.get(key) != new.get(key):
                    changed[f"fields.{key}"] = [old.get(key), new.get(key)]
        elif old != new:
            changed[name] = [_shown(old), _shown(new)]
    return changed


def _shown(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value
