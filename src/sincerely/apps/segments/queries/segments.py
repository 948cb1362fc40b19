"""Reads of saved segments, their members and their history."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import F, Q, QuerySet

from sincerely.apps.contacts.models import Contact
from sincerely.apps.segments.models import Segment, SegmentStay, SegmentUse
from sincerely.apps.segments.queries.selecting import page_after


def segment(segment_id: int) -> Segment | None:
    """Return a segment, archived or not."""
    return Segment.objects.filter(pk=segment_id).first()


def segments(*, archived: bool = False) -> QuerySet[Segment]:
    """Return the segments in use, or those put away, by name."""
    return Segment.objects.filter(archived_at__isnull=not archived).order_by("name")


def segments_after(segment_id: int, *, limit: int) -> list[Segment]:
    """Return the next segments in use, by id."""
    found = Segment.objects.filter(archived_at=None, pk__gt=segment_id)
    return list(found.order_by("pk")[:limit])


def segments_using(segment_id: int) -> list[Segment]:
    """Return the segments whose rules name this one."""
    return list(Segment.objects.filter(segmentuse__used_id=segment_id).order_by("name"))


def people_of(contact_ids: list[int]) -> list[Contact]:
    """Return these contacts in order of id."""
    return list(Contact.objects.filter(pk__in=contact_ids).order_by("pk"))


def members(found: Segment, *, now: datetime, after: int = 0, limit: int = 50) -> list[Contact]:
    """Return the next members by id: as of the last refresh if there was one, else by the rule.

    The stays have an index in this order, so any page is instant whatever the size. Raises
    WrongRule only where the rule must be read.
    """
    if found.is_watched and found.refreshed_at is not None and found.member_count is not None:
        stays = SegmentStay.objects.filter(segment=found, left_at=None, contact_id__gt=after)
        ids = list(stays.order_by("contact_id").values_list("contact_id", flat=True)[:limit])
    else:
        ids = page_after(found.rule, now=now, after=after, limit=limit)
    return people_of(ids)


@dataclass(frozen=True, slots=True)
class Passage:
    """Somebody entered or left."""

    contact: Contact
    at: datetime
    has_entered: bool


def passages(segment_id: int, *, before: datetime | None, limit: int = 50) -> list[Passage]:
    """Return who entered and left, newest first, before a time."""
    stays = SegmentStay.objects.filter(segment_id=segment_id).select_related("contact")
    entered = stays.order_by("-entered_at", "-pk")
    left = stays.filter(left_at__isnull=False).order_by("-left_at", "-pk")
    if before is not None:
        entered, left = entered.filter(entered_at__lt=before), left.filter(left_at__lt=before)
    found = [Passage(stay.contact, stay.entered_at, has_entered=True) for stay in entered[:limit]]
    found += [
        Passage(stay.contact, stay.left_at, has_entered=False)
        for stay in left[:limit]
        if stay.left_at is not None
    ]
    return sorted(found, key=lambda one: (one.at, one.contact.pk), reverse=True)[:limit]


def stays_of(contact_id: int, *, limit: int = 100) -> list[SegmentStay]:
    """Return a contact's stays, newest first, with their segments."""
    found = SegmentStay.objects.filter(contact_id=contact_id).select_related("segment")
    return list(found.order_by("-entered_at")[:limit])


def due_for_refresh(*, now: datetime, interval: timedelta) -> list[Segment]:
    """Return the watched segments to refresh, used ones before those that use them.

    Whoever depends on a due segment is due with it, so that both are seen at the same moment.
    """
    watched = Segment.objects.filter(is_watched=True, archived_at=None)
    is_due = Q(refreshed_at=None) | Q(refreshed_at__lte=now - interval)
    due = set(
        watched.filter(is_due | Q(changed_at__gt=F("refreshed_at"))).values_list("pk", flat=True)
    )
    if not due:
        return []
    uses = list(SegmentUse.objects.values_list("segment_id", "used_id"))
    fresh = due
    while fresh:
        fresh = {segment_id for segment_id, used in uses if used in fresh} - due
        due = due | fresh
    return sorted(watched.filter(pk__in=due), key=_depth_by(uses))


def _depth_by(uses: list[tuple[int, int]]) -> Callable[[Segment], tuple[int, int]]:
    needs: dict[int, set[int]] = {}
    for segment_id, used in uses:
        needs.setdefault(segment_id, set()).add(used)
    known: dict[int, int] = {}

    def depth(number: int, above: frozenset[int] = frozenset()) -> int:
        if number not in known:
            below = needs.get(number, set()) - above - {number}
            known[number] = 1 + max((depth(one, above | {number}) for one in below), default=0)
        return known[number]

    return lambda found: (depth(found.pk), found.pk)
