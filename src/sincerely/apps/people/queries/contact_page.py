"""What the contact page tells: one timeline from five sources, and who is behind a line."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any

from django.db.models import F, Max
from django.db.models.functions import Coalesce

from sincerely.apps.consent.models import ConsentRecord
from sincerely.apps.consent.queries import records_of
from sincerely.apps.contacts.models import ContactNote
from sincerely.apps.contacts.queries import notes_of
from sincerely.apps.engagement.models import ContactEngagement, Event
from sincerely.apps.interests.queries import changes_of
from sincerely.apps.segments.models import SegmentStay
from sincerely.apps.sending.models import Message, State
from sincerely.apps.team.models import Member

# More than a page, so that lines of the same moment are not lost at its edge.
SPARE = 50
# What a message's own row tells; sent and delivered ones come as events.
TELLING_STATES = (
    State.SKIPPED,
    State.REFUSED,
    State.CANCELLED,
    State.UNKNOWN,
    State.DEFERRED,
    State.PLANNED,
)


@dataclass(frozen=True, slots=True)
class Moment:
    """One line of the timeline; `kind` says which of the sources it is from."""

    at: datetime
    kind: str
    pk: int
    row: Any
    member: str = ""

    @property
    def key(self) -> tuple[datetime, str, int]:
        """The place of the line: newest first means the largest key first."""
        return (self.at, self.kind, self.pk)

    @property
    def cursor(self) -> str:
        """The place as text, for the address of the next page."""
        return f"{self.at.timestamp():.6f}~{self.kind}~{self.pk}"


def read_cursor(text: str) -> tuple[datetime, str, int] | None:
    """Return the place that a cursor names, None for none or a damaged one."""
    parts = text.split("~")
    if len(parts) != 3:
        return None
    try:
        return datetime.fromtimestamp(float(parts[0]), UTC), parts[1], int(parts[2])
    except (ValueError, OverflowError, OSError):
        return None


def timeline(contact_id: int, *, cursor: str = "", limit: int = 40) -> tuple[list[Moment], str]:
    """Return a page of a contact's story, newest first, and the cursor of the next page or ''."""
    place = read_cursor(cursor)
    before = place[0] if place else None
    found = [
        m
        for m in _moments(contact_id, before=before, limit=limit + SPARE)
        if place is None or m.key < place
    ]
    found.sort(key=attrgetter("key"), reverse=True)
    page = found[:limit]
    return _with_members(page), page[-1].cursor if len(found) > limit else ""


def _moments(contact_id: int, *, before: datetime | None, limit: int) -> Iterable[Moment]:
    for event in _events(contact_id, before=before, limit=limit):
        yield Moment(event.at, "event", event.pk, event)
    for change in changes_of(contact_id, before=before, limit=limit):
        yield Moment(change.at, "label", change.pk, change)
    for record in records_of(contact_id, before=before, limit=limit):
        yield Moment(record.at, "consent", record.pk, record)
    for note in notes_of(contact_id, before=before, limit=limit):
        yield Moment(note.at, "note", note.pk, note)
    for message in _messages(contact_id, before=before, limit=limit):
        yield Moment(message.finished_at or message.planned_at, "message", message.pk, message)
    yield from _stays(contact_id, before=before, limit=limit)


def _events(contact_id: int, *, before: datetime | None, limit: int) -> list[Event]:
    rows = Event.objects.filter(contact_id=contact_id)
    if before is not None:
        rows = rows.filter(at__lte=before)
    rows = rows.select_related("mailing", "link", "link__label")
    return list(rows.order_by("-at", "-pk")[:limit])


def _messages(contact_id: int, *, before: datetime | None, limit: int) -> list[Message]:
    rows = Message.objects.filter(contact_id=contact_id, state__in=TELLING_STATES)
    rows = rows.annotate(told_at=Coalesce(F("finished_at"), F("planned_at")))
    if before is not None:
        rows = rows.filter(told_at__lte=before)
    return list(rows.select_related("mailing").order_by("-told_at", "-pk")[:limit])


def _stays(contact_id: int, *, before: datetime | None, limit: int) -> Iterable[Moment]:
    rows = SegmentStay.objects.filter(contact_id=contact_id).select_related("segment")
    if before is not None:
        rows = rows.filter(entered_at__lte=before)
    for stay in rows.order_by("-entered_at", "-pk")[:limit]:
        yield Moment(stay.entered_at, "entered", stay.pk, stay)
        if stay.left_at and (before is None or stay.left_at <= before):
            yield Moment(stay.left_at, "left", stay.pk, stay)


def _with_members(page: list[Moment]) -> list[Moment]:
    ids = {getattr(m.row, "member_id", None) for m in page} - {None}
    names = {member.pk: str(member) for member in Member.objects.filter(pk__in=ids)}
    return [
        Moment(m.at, m.kind, m.pk, m.row, names.get(getattr(m.row, "member_id", None) or 0, ""))
        for m in page
    ]


def story_version(contact_id: int) -> str:
    """Return a short text that changes whenever something is done that the story tells of."""
    newest = (
        rows.filter(contact_id=contact_id).aggregate(newest=Max("pk"))["newest"]
        for rows in (Event.objects, ConsentRecord.objects, ContactNote.objects)
    )
    return "-".join(str(pk or 0) for pk in newest)


def engagement_of(contact_id: int) -> ContactEngagement | None:
    """Return the rollup of a contact's engagement, or None where nothing is known."""
    return ContactEngagement.objects.filter(contact_id=contact_id).first()
