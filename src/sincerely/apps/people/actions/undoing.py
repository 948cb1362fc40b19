"""Undoes an import: what it made goes, what it changed is as before, who left stays out.

A contact that the import made is kept if it was mailed, changed or touched by anything else since.
Columns that somebody changed after the import keep the newer value.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import CASCADE, F

from sincerely.apps.consent.actions.records import revoke
from sincerely.apps.consent.models import ConsentRecord
from sincerely.apps.contacts.models import Contact, ContactNote, ListMembership
from sincerely.apps.engagement.models import ContactEngagement, Event
from sincerely.apps.interests.models import ContactLabel, LabelChange
from sincerely.apps.people.actions.importing import advance, claim
from sincerely.apps.people.models import Import, ImportTouch, WorkState
from sincerely.apps.people.rules.record import CORE
from sincerely.apps.people.sql import bulk
from sincerely.apps.sending.models import Message
from sincerely.apps.team.rules import Actor

FIRST_SLICE, SMALLEST_SLICE, LARGEST_SLICE = 500, 100, 5_000
TARGET_SECONDS = 0.03  # of CPU for a transaction
LAST = ("last_sent_at", "last_open_at", "last_click_at")
IMPORTED = ("imported_sent_at", "imported_open_at", "imported_click_at")


def undo_file(work: Import, *, now: datetime, owner: str) -> Iterator[None]:
    """Undo slice by slice from where the last commit left off; ends in state undone."""
    fence = claim(work, owner=owner, state=WorkState.UNDOING)
    work.refresh_from_db()
    size = FIRST_SLICE
    while True:
        touches = list(
            ImportTouch.objects.filter(batch=work, pk__gt=work.touched_through_id).order_by("pk")[
                :size
            ]
        )
        if not touches:
            break
        began = time.thread_time()
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
        size = _next_size(size, time.thread_time() - began)
        yield
    with transaction.atomic():
        advance(work, fence, state=WorkState.UNDONE, finished_at=now)
    yield


def _next_size(size: int, seconds: float) -> int:
    factor = min(max(TARGET_SECONDS / max(seconds, 0.001), 0.5), 2.0)
    return int(min(max(size * factor, SMALLEST_SLICE), LARGEST_SLICE))


def _undo_slice(work: Import, touches: Sequence[ImportTouch], *, now: datetime) -> Counter[str]:
    made = [touch.contact_id for touch in touches if touch.before is None]
    kept = _needed_since(work, made)
    removed = [contact_id for contact_id in made if contact_id not in kept]
    _remove(removed)
    rest = [touch for touch in touches if touch.before is not None or touch.contact_id in kept]
    ids = [touch.contact_id for touch in rest]
    given = ConsentRecord.objects.filter(import_id=work.pk, contact_id__in=ids, act="permit")
    revoke(list(given.values_list("pk", flat=True)), now=now, actor=Actor(member_id=work.member_id))
    _take_labels_back(work, ids, now=now)
    restored = _restore(work, rest, now=now)
    return Counter(removed=len(removed), kept=len(kept), restored=restored)


def _remove(ids: list[int]) -> None:
    """Delete contacts with all that hangs on them, a statement per table.

    Nobody here was mailed (see `_needed_since`), so nothing hangs on what goes; if it did, the
    foreign keys, which are checked at the commit, would refuse the whole.
    """
    if not ids:
        return
    for relation in Contact._meta.related_objects:  # noqa: SLF001 -- Django's documented API
        if relation.on_delete is CASCADE:
            rows = relation.related_model._base_manager.filter(  # noqa: SLF001
                **{f"{relation.field.name}__in": ids}
            )
            rows._raw_delete(rows.db)  # noqa: SLF001 -- one statement, rows need not be loaded
    people = Contact.objects.filter(pk__in=ids)
    people._raw_delete(people.db)  # noqa: SLF001


def _needed_since(work: Import, ids: list[int]) -> set[int]:
    """Return those who may not go: mailed, changed, left, or in another import that stands."""
    of_them = {"contact_id__in": ids}
    sources = (
        Message.objects.filter(**of_them),
        Event.objects.filter(**of_them),
        ContactNote.objects.filter(**of_them),
        ConsentRecord.objects.filter(**of_them).exclude(import_id=work.pk, act="permit"),
        ConsentRecord.objects.filter(**of_them, import_id=None),
        LabelChange.objects.filter(**of_them, import_id=None),
        LabelChange.objects.filter(**of_them).exclude(import_id=work.pk),
        ImportTouch.objects.filter(**of_them)
        .exclude(batch=work)
        .exclude(batch__state=WorkState.UNDONE),
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
    before: dict[int, dict[str, Any]] = {t.contact_id: t.before or {} for t in touches}
    new = {t.contact_id for t in touches if t.before is None}
    on_lists: dict[tuple[int, ...], list[int]] = {}
    for contact_id, was in before.items():
        lists = was.get("lists", work.choices["list_ids"] if contact_id in new else [])
        on_lists.setdefault(tuple(lists), []).append(contact_id)
    for lists, ids in on_lists.items():
        if lists:
            rows = ListMembership.objects.filter(contact_list_id__in=lists)
            rows.filter(contact_id__in=ids).delete()
    _restore_past({i: was for i, was in before.items() if "past" in was or i in new})
    return _restore_columns(work, before, now=now)


def _restore_columns(work: Import, before: dict[int, dict[str, Any]], *, now: datetime) -> int:
    names = {"fields", "signed_up_at", *CORE}
    people = Contact.objects.filter(pk__in=[i for i, was in before.items() if names & set(was)])
    if work.finished_at:
        people = people.filter(changed_at__lte=work.finished_at)
    rows = []
    for contact in people.select_for_update():
        was = before[contact.pk]
        joined: datetime | None = contact.signed_up_at
        if "signed_up_at" in was:
            joined = datetime.fromisoformat(was["signed_up_at"]) if was["signed_up_at"] else None
        merged = {**contact.fields, **was.get("fields", {})}
        fields = {key: value for key, value in merged.items() if value is not None}
        core = [was.get(name, getattr(contact, name)) for name in CORE]
        rows.append((*core, json.dumps(fields), bulk.stored(joined), bulk.stored(now), contact.pk))
    bulk.update(Contact, (*CORE, "fields", "signed_up_at", "changed_at"), rows)
    detail = json.dumps({"import": work.pk})
    bulk.insert(
        ContactNote,
        ("contact", "at", "act", "member_id", "detail"),
        [(row[-1], bulk.stored(now), "import undone", work.member_id, detail) for row in rows],
    )
    return len(rows)


def _restore_past(before: dict[int, dict[str, Any]]) -> None:
    """Put imported times back; a real time that came later than the imported one stays."""
    rows = []
    for row in ContactEngagement.objects.filter(pk__in=before).select_for_update():
        past = before[row.pk].get("past") or [None] * 6
        old = [datetime.fromisoformat(at) if at else None for at in past]
        lasts = [
            old[place] if getattr(row, last) == getattr(row, imported) else getattr(row, last)
            for place, (last, imported) in enumerate(zip(LAST, IMPORTED, strict=True))
        ]
        rows.append((*map(bulk.stored, [*lasts, *old[3:]]), row.pk))
    bulk.update(ContactEngagement, (*LAST, *IMPORTED), rows)
