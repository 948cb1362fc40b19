"""Reads of imports: which waits for work, what it needs to know, what it left out."""

from __future__ import annotations

import zoneinfo
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q, QuerySet

from sincerely.apps.contacts.models import ContactList, FieldDefinition
from sincerely.apps.labels.models import Label
from sincerely.apps.people.models import Import, ImportReject, WorkState
from sincerely.apps.people.queries.files import path_of
from sincerely.apps.people.queries.staged import Staged
from sincerely.apps.people.rules.choices import KnownField
from sincerely.apps.people.rules.world import World
from sincerely.apps.team.queries import organisation

AT_WORK = (WorkState.CHECKING, WorkState.QUEUED, WorkState.RUNNING, WorkState.UNDOING)
ENDED = (WorkState.DONE, WorkState.FAILED, WorkState.CANCELLED, WorkState.UNDONE)
NEVER_TAKEN = (WorkState.DRAFT, WorkState.CHECKED)


def imports(*, before: int | None = None, limit: int = 50) -> list[Import]:
    """Return the newest imports, those before an id where given."""
    rows = Import.objects.order_by("-pk")
    return list((rows.filter(pk__lt=before) if before else rows)[:limit])


def find_import(import_id: int) -> Import | None:
    """Return one import."""
    return Import.objects.filter(pk=import_id).first()


def at_work() -> list[Import]:
    """Return the imports that want work, oldest first."""
    return list(Import.objects.filter(state__in=AT_WORK).order_by("pk"))


def with_old_files(before: datetime) -> QuerySet[Import]:
    """Return the imports that ended, or were brought and never taken, by then, with their files."""
    ended = Q(state__in=ENDED, finished_at__lte=before)
    never_taken = Q(state__in=NEVER_TAKEN, created_at__lte=before)
    return Import.objects.filter(ended | never_taken, forgotten_at=None).order_by("pk")


def files_go_at(work: Import) -> datetime | None:
    """Return when the files of an import that ended are removed; None where they stay, or went."""
    days = settings.KEEP_IMPORT_FILES_DAYS
    if not days or work.state not in ENDED or work.forgotten_at or not work.finished_at:
        return None
    return work.finished_at + timedelta(days=days)


def all_fields() -> dict[str, KnownField]:
    """Return the custom fields by key, those that were put away too."""
    return {
        row.key: KnownField(
            row.key, row.name, row.kind, tuple(row.choices), is_put_away=row.archived_at is not None
        )
        for row in FieldDefinition.objects.order_by("name")
    }


def known_fields() -> dict[str, KnownField]:
    """Return the custom fields that can be filled, by key."""
    return {key: known for key, known in all_fields().items() if not known.is_put_away}


def known_labels() -> dict[str, int]:
    """Return the labels that can be given, by exact name."""
    rows = Label.objects.filter(archived_at=None, merged_into=None)
    return dict(rows.values_list("name", "pk"))


def known_lists() -> dict[int, str]:
    """Return the lists that can be filled."""
    rows = ContactList.objects.filter(archived_at=None).order_by("name")
    return dict(rows.values_list("pk", "name"))


def world(now: datetime) -> World:
    """Return what reading rows must know of this installation."""
    house = organisation()
    return World(
        address_key=settings.ADDRESS_KEY,
        labels=known_labels(),
        fields=known_fields(),
        zone=zoneinfo.ZoneInfo(house.time_zone if house else "UTC"),
        now=now,
        zones=frozenset(zoneinfo.available_timezones()),
    )


def rejects(import_id: int, *, after: int = 0, limit: int = 100) -> list[ImportReject]:
    """Return rejected rows and notes, in order of arrival, after an id."""
    rows = ImportReject.objects.filter(batch_id=import_id, pk__gt=after).order_by("pk")
    return list(rows[:limit])


def reject_rows(work: Import) -> Iterator[tuple[ImportReject, list[str]]]:
    """Yield each reject with the cells of its row, in the order of the file."""
    found: dict[int, list[ImportReject]] = {}
    rows: QuerySet[ImportReject] = ImportReject.objects.filter(batch=work).order_by("pk")
    for reject in rows.iterator(chunk_size=5000):
        found.setdefault(reject.row_number, []).append(reject)
    try:
        for number, cells in Staged(path_of(work.stored_as)).raw(set(found)):
            for reject in found.pop(number, []):
                yield reject, cells
    except FileNotFoundError:
        pass  # the upload has been cleared away; the reasons are still there
    for rest in found.values():
        for reject in rest:
            yield reject, []
