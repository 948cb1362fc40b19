"""Writes of lists; members come and go in slices, each a short transaction."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice

from django.db import transaction

from sincerely.apps.contacts.models import Contact, ContactList, ListMembership
from sincerely.apps.team.actions import audit
from sincerely.apps.team.rules import Actor

# Rows per transaction: about 20 ms on SQLite.
SLICE = 2000


@transaction.atomic
def create_list(
    name: str, *, now: datetime, actor: Actor, description: str = "", origin: str = "manual"
) -> ContactList:
    """Store an empty list and return it; a name is used once."""
    made = ContactList.objects.create(
        name=name.strip(), description=description, origin=origin, created_at=now
    )
    audit(actor, "list created", now=now, subject=made)
    return made


@transaction.atomic
def edit_list(
    list_id: int, *, name: str, description: str, now: datetime, actor: Actor
) -> ContactList:
    """Rename or describe a list."""
    found = ContactList.objects.get(pk=list_id)
    found.name, found.description = name.strip(), description
    found.save(update_fields=["name", "description"])
    audit(actor, "list changed", now=now, subject=found)
    return found


@transaction.atomic
def archive_list(list_id: int, *, archived: bool, now: datetime, actor: Actor) -> ContactList:
    """Put a list away, or take it out again; its members stay on it."""
    found = ContactList.objects.get(pk=list_id)
    found.archived_at = now if archived else None
    found.save(update_fields=["archived_at"])
    audit(actor, "list archived" if archived else "list restored", now=now, subject=found)
    return found


def add_to_list(
    list_id: int, contact_ids: Iterable[int], *, now: datetime, actor: Actor
) -> list[int]:
    """Put contacts on a list and return the ids of those who were not on it yet."""
    found = ContactList.objects.get(pk=list_id)
    added: list[int] = []
    for ids in _slices(contact_ids):
        with transaction.atomic():
            there = ListMembership.objects.filter(contact_list=found, contact_id__in=ids)
            known = set(there.values_list("contact_id", flat=True))
            alive = set(Contact.objects.filter(pk__in=ids).values_list("pk", flat=True))
            fresh = [i for i in ids if i in alive and i not in known]
            ListMembership.objects.bulk_create(
                [ListMembership(contact_list=found, contact_id=i, added_at=now) for i in fresh],
                ignore_conflicts=True,
            )
            added.extend(fresh)
    if added:
        audit(actor, "list filled", now=now, subject=found, detail={"count": len(added)})
    return added


def remove_from_list(
    list_id: int, contact_ids: Iterable[int], *, now: datetime, actor: Actor
) -> list[int]:
    """Take contacts off a list and return the ids of those who were on it."""
    found = ContactList.objects.get(pk=list_id)
    removed: list[int] = []
    for ids in _slices(contact_ids):
        with transaction.atomic():
            there = ListMembership.objects.filter(contact_list=found, contact_id__in=ids)
            removed.extend(there.values_list("contact_id", flat=True))
            there.delete()
    if removed:
        audit(actor, "list emptied", now=now, subject=found, detail={"count": len(removed)})
    return removed


def undo_add(list_id: int, *, acted_at: datetime, now: datetime, actor: Actor) -> int:
    """Take off a list whoever was put on it at this moment; return how many."""
    rows = ListMembership.objects.filter(contact_list_id=list_id, added_at=acted_at)
    ids = list(rows.values_list("contact_id", flat=True))
    return len(remove_from_list(list_id, ids, now=now, actor=actor))


def _slices(contact_ids: Iterable[int]) -> Iterator[Sequence[int]]:
    rest = iter(dict.fromkeys(contact_ids))
    while ids := list(islice(rest, SLICE)):
        yield ids
