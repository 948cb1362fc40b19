"""Saving segments: a wrong rule or a circle is refused, the graph of uses kept."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from sincerely.apps.contacts.actions import add_to_list, create_list
from sincerely.apps.contacts.models import ContactList
from sincerely.apps.segments.models import Segment, SegmentUse
from sincerely.apps.segments.queries import selected_ids
from sincerely.apps.segments.rules import expand, normal, segments_used
from sincerely.apps.segments.surroundings import catalogue_of
from sincerely.apps.team.actions import audit
from sincerely.apps.team.rules import Actor

Rule = dict[str, Any]


class NameTaken(ValueError):
    """Another segment, or list, has this name."""


def _checked(rule: Rule, *, own_id: int | None) -> Rule:
    """Return the rule in its normal form; raises WrongRule."""
    expand(rule, catalogue_of(rule), own_id=own_id)
    return normal(rule)


def _check_name(name: str, *, own_id: int | None) -> str:
    if Segment.objects.filter(name=name.strip()).exclude(pk=own_id).exists():
        raise NameTaken(name)
    return name.strip()


def _store_uses(segment: Segment) -> None:
    used = segments_used(segment.rule)
    SegmentUse.objects.filter(segment=segment).exclude(used_id__in=used).delete()
    known = set(SegmentUse.objects.filter(segment=segment).values_list("used_id", flat=True))
    SegmentUse.objects.bulk_create(
        [SegmentUse(segment=segment, used_id=number) for number in sorted(used - known)]
    )


@transaction.atomic
def create_segment(
    name: str,
    rule: Rule,
    *,
    now: datetime,
    actor: Actor,
    description: str = "",
    ready_made: str = "",
) -> Segment:
    """Store a segment and return it; raises WrongRule or NameTaken."""
    segment = Segment.objects.create(
        name=_check_name(name, own_id=None),
        description=description,
        rule=_checked(rule, own_id=None),
        ready_made=ready_made,
        created_at=now,
        changed_at=now,
    )
    _store_uses(segment)
    audit(actor, "segment created", now=now, subject=segment, detail={"rule": segment.rule})
    return segment


@transaction.atomic
def edit_segment(
    segment_id: int, *, name: str, rule: Rule, description: str, now: datetime, actor: Actor
) -> Segment:
    """Change a segment; it is refreshed at once. Raises WrongRule (a circle too) or NameTaken."""
    # All rows, so that two edits side by side cannot close a circle between them.
    list(Segment.objects.select_for_update().values_list("pk", flat=True))
    segment = Segment.objects.get(pk=segment_id)
    before = segment.rule
    segment.name = _check_name(name, own_id=segment_id)
    segment.description = description
    segment.rule = _checked(rule, own_id=segment_id)
    segment.changed_at = now
    segment.refreshed_at = None if segment.rule != before else segment.refreshed_at
    segment.save(update_fields=["name", "description", "rule", "changed_at", "refreshed_at"])
    _store_uses(segment)
    audit(
        actor,
        "segment changed",
        now=now,
        subject=segment,
        detail={"before": before, "rule": segment.rule},
    )
    return segment


@transaction.atomic
def archive_segment(segment_id: int, *, archived: bool, now: datetime, actor: Actor) -> Segment:
    """Put a segment away, or take it out again; rules that name it go on working."""
    segment = Segment.objects.get(pk=segment_id)
    segment.archived_at = now if archived else None
    segment.save(update_fields=["archived_at"])
    act = "segment archived" if archived else "segment restored"
    audit(actor, act, now=now, subject=segment)
    return segment


def duplicate_segment(segment_id: int, *, name: str, now: datetime, actor: Actor) -> Segment:
    """Store a copy under the name given, with a number if it is taken, and return it."""
    segment = Segment.objects.get(pk=segment_id)
    free, number = name[:110].strip(), 2
    while Segment.objects.filter(name=free).exists():
        free, number = f"{name[:110].strip()} {number}", number + 1
    return create_segment(free, segment.rule, now=now, actor=actor, description=segment.description)


def snapshot(segment_id: int, *, name: str, now: datetime, actor: Actor) -> ContactList:
    """Put today's members on a new list, in slices, and return it; raises WrongRule, NameTaken."""
    segment = Segment.objects.get(pk=segment_id)
    slices = selected_ids(segment.rule, now=now)
    first = next(slices, [])
    if ContactList.objects.filter(name=name.strip()).exists():
        raise NameTaken(name)
    made = create_list(
        name,
        now=now,
        actor=actor,
        description=segment.name,
        origin="snapshot",
    )
    for ids in (first, *slices):
        add_to_list(made.pk, ids, now=now, actor=actor)
    return made
