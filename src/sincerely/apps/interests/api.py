"""The JSON API of contacts' labels: read, give, take, merge."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Router
from ninja.errors import HttpError

from sincerely.apps.contacts.queries import contact
from sincerely.apps.interests import actions, queries
from sincerely.apps.interests.models import Route
from sincerely.apps.interests.queries import HeldLabel
from sincerely.apps.interests.schemas import (
    AssignedOut,
    AssignIn,
    InterestOut,
    MergedOut,
    MergeIn,
)
from sincerely.apps.labels.queries import label
from sincerely.apps.team.access import actor_of
from sincerely.apps.team.api_auth import Scope
from sincerely.apps.team.rules import Capability
from sincerely.wire import clock

router = Router(tags=["interests"])
VIEW, EDIT = Scope(Capability.VIEW), Scope(Capability.EDIT_CONTACTS)


def _known(*label_ids: int) -> None:
    for label_id in label_ids:
        if label(label_id) is None:
            raise HttpError(404, f"There is no label with the id {label_id}.")


def _out(held: HeldLabel) -> InterestOut:
    state = held.state
    return InterestOut(
        label_id=held.label.pk,
        name=held.label.name,
        is_held=held.is_held,
        route=state.route if state else "",
        since=state.since if state else None,
        is_self_removed=bool(state and state.is_self_removed),
        ask_again_at=state.ask_again_at if state else None,
        click_count=held.click_count,
        undecided_count=held.undecided_count,
        day_count=held.day_count,
        mailing_count=held.mailing_count,
        last_click_at=held.last_click_at,
        strength=held.strength,
        sureness=held.sureness.value,
    )


@router.get("/contacts/{contact_id}", auth=VIEW, response=list[InterestOut], summary="Interests")
def interests_of(request: HttpRequest, *, contact_id: int) -> list[InterestOut]:
    """Return a contact's labels with counts, strength and provenance."""
    if contact(contact_id) is None:
        raise HttpError(404, "There is no contact with this id.")
    return [_out(held) for held in queries.labels_of(contact_id, now=clock.now())]


@router.post("/assign", auth=EDIT, response=AssignedOut, summary="Give a label")
def assign(request: HttpRequest, *, given: AssignIn) -> AssignedOut:
    """Give a label; contacts who removed it themselves are left out."""
    _known(given.label_id)
    changed = actions.assign_many(
        given.contact_ids,
        given.label_id,
        route=Route.API,
        now=clock.now(),
        actor=actor_of(request),
    )
    return AssignedOut(contact_ids=changed)


@router.post("/remove", auth=EDIT, response=AssignedOut, summary="Take a label")
def remove(request: HttpRequest, *, given: AssignIn) -> AssignedOut:
    """Take a label from contacts who hold it."""
    _known(given.label_id)
    changed = actions.assign_many(
        given.contact_ids,
        given.label_id,
        give=False,
        route=Route.API,
        now=clock.now(),
        actor=actor_of(request),
    )
    return AssignedOut(contact_ids=changed)


@router.post("/merge", auth=EDIT, response=MergedOut, summary="Merge two labels")
def merge(request: HttpRequest, *, given: MergeIn) -> MergedOut:
    """Move holders, clicks and links of one label to another."""
    _known(given.from_id, given.into_id)
    try:
        gained = actions.merge_labels(
            given.from_id, given.into_id, now=clock.now(), actor=actor_of(request)
        )
    except actions.CannotMerge as problem:
        raise HttpError(409, "These two labels cannot be merged.") from problem
    return MergedOut(gained_count=gained)
