"""The JSON API of segments: keep them, check and count rules, see who is in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.http import HttpRequest
from ninja import Router, Status
from ninja.errors import HttpError

from sincerely.apps.contacts.models import Contact, ContactList
from sincerely.apps.segments import actions, queries
from sincerely.apps.segments.models import Segment
from sincerely.apps.segments.queries.previewing import preview
from sincerely.apps.segments.rules import WrongRule, expand, sentence
from sincerely.apps.segments.schemas import (
    CheckOut,
    CountOut,
    ListOut,
    NameIn,
    PeopleOut,
    PeoplePage,
    RuleIn,
    SegmentChanges,
    SegmentIn,
    SegmentOut,
    SegmentPage,
)
from sincerely.apps.team.access import actor_of
from sincerely.apps.team.api_auth import Scope
from sincerely.apps.team.rules import Capability
from sincerely.wire.clock import now as clock_now

router = Router(tags=["segments"])


@contextmanager
def plain_errors() -> Iterator[None]:
    """Turn the domain's refusals into answers that say what to do."""
    try:
        yield
    except WrongRule as wrong:
        raise HttpError(422, f"The rule is wrong: {wrong}") from None
    except actions.NameTaken as taken:
        raise HttpError(409, f"The name '{taken}' is taken.") from None


def found(segment_id: int) -> Segment:
    """Return the segment or answer 404."""
    segment = queries.segment(segment_id)
    if segment is None:
        raise HttpError(404, "There is no such segment.")
    return segment


def capped(limit: int) -> int:
    """Return a page size between 1 and 500."""
    return max(1, min(limit, 500))


@router.get("/", response=SegmentPage, auth=Scope(Capability.VIEW))
def list_segments(request: HttpRequest, after: int = 0, limit: int = 100) -> dict[str, Any]:
    """Segments in use, by id."""
    size = capped(limit)
    rows = queries.segments_after(after, limit=size + 1)
    return {"items": rows[:size], "next": rows[size - 1].pk if len(rows) > size else None}


@router.post("/", response={201: SegmentOut}, auth=Scope(Capability.EDIT_CONTACTS))
def create(request: HttpRequest, body: SegmentIn) -> Status[Segment]:
    """Store a segment."""
    with plain_errors():
        made = actions.create_segment(
            body.name,
            body.rule,
            description=body.description,
            now=clock_now(),
            actor=actor_of(request),
        )
    return Status(201, made)


@router.post("/check", response=CheckOut, auth=Scope(Capability.VIEW))
def check_rule(request: HttpRequest, body: RuleIn) -> dict[str, Any]:
    """Say what is wrong with a rule and where; select nobody."""
    catalogue = queries.catalogue_of(body.rule)
    problems = []
    try:
        expand(body.rule, catalogue)
    except WrongRule as wrong:
        problems = [{"path": one.path, "message": one.message} for one in wrong.problems]
    return {"problems": problems, "sentence": sentence(body.rule, catalogue)}


@router.post("/count", response=CountOut, auth=Scope(Capability.VIEW))
def count_rule(request: HttpRequest, body: RuleIn) -> dict[str, Any]:
    """Count whom a rule selects now, and whom each of its parts."""
    shown = preview(body.rule, now=clock_now(), limit=1)
    if shown.count is None:
        raise HttpError(422, f"The rule is wrong: {WrongRule(shown.problems)}")
    return {"count": shown.count, "parts": shown.parts}


@router.post("/sample", response=PeopleOut, auth=Scope(Capability.VIEW))
def sample_rule(request: HttpRequest, body: RuleIn, limit: int = 10) -> dict[str, Any]:
    """Return a few of the contacts whom a rule selects now, in no particular order."""
    with plain_errors():
        return {"items": queries.sample(body.rule, now=clock_now(), limit=capped(limit))}


@router.get("/{segment_id}", response=SegmentOut, auth=Scope(Capability.VIEW))
def read(request: HttpRequest, segment_id: int) -> Segment:
    """One segment."""
    return found(segment_id)


@router.patch("/{segment_id}", response=SegmentOut, auth=Scope(Capability.EDIT_CONTACTS))
def change(request: HttpRequest, segment_id: int, body: SegmentChanges) -> Segment:
    """Change a segment, put it away (`archived: true`) or take it out again."""
    segment, now, actor = found(segment_id), clock_now(), actor_of(request)
    with plain_errors():
        if {body.name, body.description} != {None} or body.rule is not None:
            segment = actions.edit_segment(
                segment_id,
                name=segment.name if body.name is None else body.name,
                rule=segment.rule if body.rule is None else body.rule,
                description=(segment.description if body.description is None else body.description),
                now=now,
                actor=actor,
            )
        if body.archived is not None:
            segment = actions.archive_segment(
                segment_id, archived=body.archived, now=now, actor=actor
            )
    return segment


@router.get("/{segment_id}/members", response=PeoplePage, auth=Scope(Capability.VIEW))
def list_members(
    request: HttpRequest, segment_id: int, *, after: int = 0, limit: int = 100
) -> dict[str, Any]:
    """The people in a segment by id: as of its last refresh, else as of now."""
    segment, size = found(segment_id), capped(limit)
    with plain_errors():
        rows: list[Contact] = queries.members(segment, now=clock_now(), after=after, limit=size + 1)
    return {"items": rows[:size], "next": rows[size - 1].pk if len(rows) > size else None}


@router.post(
    "/{segment_id}/snapshot", response={201: ListOut}, auth=Scope(Capability.EDIT_CONTACTS)
)
def take_snapshot(request: HttpRequest, segment_id: int, body: NameIn) -> Status[ContactList]:
    """Put today's people on a new list."""
    found(segment_id)
    with plain_errors():
        made = actions.snapshot(
            segment_id, name=body.name, now=clock_now(), actor=actor_of(request)
        )
    return Status(201, made)
