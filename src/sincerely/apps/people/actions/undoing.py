"""Undoes an import: what it made goes, what it changed is as before, who left stays out.

A contact that the import made is kept if it was mailed, changed or touched by anything else since.
Columns that somebody changed after the import keep the newer value.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F

from sincerely.apps.consent.actions.records import revoke
from sincerely.apps.consent.models import ConsentRecord
from sincerely.apps.contacts.models import Contact, ContactNote, ListMembership
from sincerely.apps.engagement.models import ContactEngagement, Event
from sincerely.apps.interests.models import ContactLabel, LabelChange
from sincerely.apps.people.actions.importing import advance, claim
from sincerely.apps.people.models import Import, ImportTouch, WorkState
from sincerely.apps.people.rules.record import CORE
from sincerely.apps.sending.models import Message
from sincerely.apps.team.rules import Actor

SLICE = 200
LAST = ("last_sent_at", "last_open_at", "last_click_at")
IMPORTED = ("imported_sent_at", "imported_open_at", "imported_click_at")


def undo_file(work: Import, *, now: datetime, owner: str) -> Iterator[None]:
    """Undo slice by slice from where the last commit left off; ends in state undone."""
    fence = claim(work, owner=owner, state=WorkState.UNDOING)
    work.refresh_from_db()
    while True:
        touches = list(
            ImportTouch.objects.filter(batch=work, pk__gt=work.touched_through_id).order_by("pk")[
                :SLICE
            ]
        )
        if not touches:
            break
        with transaction.atomic():
            counts = _undo_slice(work, touches, now=now)
            done = Counter(work.totals.get("undone", {})) + counts
            work.totals = {**work.totals, "undone": dict(done)}
            work.touched_through_id = touches[-1].pk
            advance(
                work,
                fence,
                totals=work.totals,
                touched_through_id=work.touched_through_id,
                position=F("position") + len(touches),
            )
        yield
    with transaction.atomic():
        advance(work, fence, state=WorkState.UNDONE, finished_at=now)
    yield


def _undo_slice(work: Import, touches: Sequence[ImportTouch], *, now: datetime) -> Counter[str]:
    made = [touch.contact_id for touch in touches if touch.before is None]
    kept = _needed_since(work, made)
    removed = [contact_id for contact_id in made if contact_id not in kept]
    Contact.objects.filter(pk__in=removed).delete()
    rest = [touch for touch in touches if touch.before is not None or touch.contact_id in kept]
    ids = [touch.contact_id for touch in rest]
    given = ConsentRecord.objects.filter(import_id=work.pk, contact_id__in=ids, act="permit")
    revoke(list(given.values_list("pk", flat=True)), now=now, actor=Actor(member_id=work.member_id))
    _take_labels_back(work, ids, now=now)
    restored = _restore(work, rest, now=now)
    return Counter(removed=len(removed), kept=len(kept), restored=restored)


def _needed_since(work: Import, ids: list[int]) -> set[int]:
    """Return those who may not go: mailed, changed, left, or part of another import."""
    of_them = {"contact_id__in": ids}
    sources = (
        Message.objects.filter(**of_them),
        Event.objects.filter(**of_them),
        ContactNote.objects.filter(**of_them),
        ConsentRecord.objects.filter(**of_them).exclude(import_id=work.pk, act="permit"),
        ConsentRecord.objects.filter(**of_them, import_id=None),
        LabelChange.objects.filter(**of_them, import_id=None),
        LabelChange.objects.filter(**of_them).exclude(import_id=work.pk),
        ImportTouch.objects.filter(**of_them).exclude(batch=work),
    )
    needed = {i for rows in sources for i in rows.values_list("contact_id", flat=True)}
    changed = Contact.objects.filter(pk__in=ids).exclude(changed_at=F("created_at"))
    return needed | set(changed.values_list("pk", flat=True))


def _take_labels_back(work: Import, ids: list[int], *, now: datetime) -> None:
    given = LabelChange.objects.filter(import_id=work.pk, contact_id__in=ids, is_added=True)
    at = {(row.contact_id, row.label_id): row.at for row in given}
    held = ContactLabel.objects.filter(contact_id__in=ids, is_held=True, route="import")
    mine = [row for row in held if at.get((row.contact_id, row.label_id)) == row.since]
    ContactLabel.objects.filter(pk__in=[row.pk for row in mine]).update(is_held=False, since=now)
    LabelChange.objects.bulk_create(
        LabelChange(
            contact_id=row.contact_id,
            label_id=row.label_id,
            is_added=False,
            route="import",
            at=now,
            member_id=work.member_id,
            import_id=work.pk,
        )
        for row in mine
    )


def _restore(work: Import, touches: Sequence[ImportTouch], *, now: datetime) -> int:
    people = Contact.objects.in_bulk([touch.contact_id for touch in touches])
    restored = 0
    for touch in touches:
        before: dict[str, Any] = touch.before or {}
        lists = before.get("lists", work.choices["list_ids"] if touch.before is None else [])
        if lists:
            ListMembership.objects.filter(
                contact_id=touch.contact_id, contact_list_id__in=lists
            ).delete()
        if "past" in before or touch.before is None:
            _restore_past(touch.contact_id, before.get("past"))
        contact = people.get(touch.contact_id)
        if contact and _restore_columns(work, contact, before, now=now):
            restored += 1
    return restored


def _restore_columns(
    work: Import, contact: Contact, before: dict[str, Any], *, now: datetime
) -> bool:
    columns = {"fields", "signed_up_at", *CORE} & set(before)
    if not columns or (work.finished_at and contact.changed_at > work.finished_at):
        return False
    for name in columns & set(CORE):
        setattr(contact, name, before[name])
    if "signed_up_at" in before:
        old = before["signed_up_at"]
        contact.signed_up_at = datetime.fromisoformat(old) if old else None
    merged = {**contact.fields, **before.get("fields", {})}
    contact.fields = {key: value for key, value in merged.items() if value is not None}
    contact.changed_at = now
    contact.save()
    ContactNote.objects.create(
        contact=contact,
        at=now,
        act="import undone",
        member_id=work.member_id,
        detail={"import": work.pk},
    )
    return True


def _restore_past(contact_id: int, past: list[str | None] | None) -> None:
    """Put imported times back; a real time that came later than the imported one stays."""
    row = ContactEngagement.objects.filter(pk=contact_id).first()
    if row is None:
        return
    old = [datetime.fromisoformat(at) if at else None for at in past or [None] * 6]
    for place, (last, imported) in enumerate(zip(LAST, IMPORTED, strict=True)):
        if getattr(row, last) == getattr(row, imported):
            setattr(row, last, old[place])
        setattr(row, imported, old[place + 3])
    row.save(update_fields=[*LAST, *IMPORTED])
