"""Writes of the custom fields' definitions; a field's key and kind never change."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from sincerely.apps.contacts.models import Contact, FieldDefinition
from sincerely.apps.contacts.rules.fields import key_for
from sincerely.apps.team.actions import audit
from sincerely.apps.team.rules import Actor


@transaction.atomic
def define_field(
    name: str, *, kind: str, now: datetime, actor: Actor, choices: Sequence[str] = ()
) -> FieldDefinition:
    """Store a custom field under a key made from its name, and return it."""
    wanted = key_for(name)
    key, number = wanted, 1
    while FieldDefinition.objects.filter(key=key).exists():
        number += 1
        key = f"{wanted[:36]}_{number}"
    field = FieldDefinition.objects.create(
        key=key, name=name.strip(), kind=kind, choices=list(choices), created_at=now
    )
    audit(actor, "field defined", now=now, subject=field, detail={"name": name, "kind": kind})
    return field


@transaction.atomic
def edit_field(
    field_id: int, *, name: str, choices: Sequence[str], now: datetime, actor: Actor
) -> FieldDefinition:
    """Rename a field or change its choices; values already stored are left as they are."""
    field = FieldDefinition.objects.get(pk=field_id)
    field.name = name.strip()
    field.choices = list(choices)
    field.save(update_fields=["name", "choices"])
    audit(actor, "field changed", now=now, subject=field, detail={"name": name})
    return field


@transaction.atomic
def archive_field(field_id: int, *, archived: bool, now: datetime, actor: Actor) -> FieldDefinition:
    """Stop offering a field, or offer it again; its values stay."""
    field = FieldDefinition.objects.get(pk=field_id)
    field.archived_at = now if archived else None
    field.save(update_fields=["archived_at"])
    act = "field archived" if archived else "field restored"
    audit(actor, act, now=now, subject=field, detail={"name": field.name})
    return field


def drop_unused_field(key: str) -> bool:
    """Delete a field of which nobody has a value; return whether it went."""
    if Contact.objects.filter(fields__has_key=key).exists():
        return False
    return bool(FieldDefinition.objects.filter(key=key).delete()[0])
