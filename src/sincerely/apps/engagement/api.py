"""The JSON API of events and figures: read-only, the same queries as the pages."""

from __future__ import annotations

from typing import Annotated

from django.http import HttpRequest
from ninja import Query, Router
from ninja.errors import HttpError

from sincerely.apps.engagement import queries
from sincerely.apps.engagement.schemas import (
    EstimateOut,
    EventOut,
    EventPage,
    FiguresOut,
    LinkOut,
    ReactionOut,
    RecipientOut,
    RecipientPage,
)
from sincerely.apps.team.api_auth import Scope
from sincerely.apps.team.rules import Capability

router = Router(tags=["engagement"])
VIEW, REPORTS = Scope(Capability.VIEW), Scope(Capability.VIEW_REPORTS)
Limit = Annotated[int, Query(ge=1, le=500)]


@router.get("/contacts/{contact_id}/events", auth=VIEW, response=EventPage, summary="Events")
def contact_events(
    request: HttpRequest, *, contact_id: int, after: int = 0, limit: Limit = 50
) -> EventPage:
    """Return a contact's events, newest first; `after` is the id of the last one you have."""
    place = queries.place_of(contact_id, after) if after else None
    if after and place is None:
        raise HttpError(422, "This contact has no event with that id.")
    found = queries.events_of(contact_id, before=place, limit=limit)
    return EventPage(
        items=[EventOut.from_orm(moment) for moment in found],
        next=found[-1].id if len(found) == limit else None,
    )


@router.get("/mailings/{mailing_id}", auth=REPORTS, response=FiguresOut, summary="Figures")
def mailing_figures(request: HttpRequest, *, mailing_id: int) -> FiguresOut:
    """Return a mailing's figures: people, undecided and machines apart."""
    if not queries.is_known(mailing_id):
        raise HttpError(404, "There is no such mailing.")
    found = queries.figures_of(mailing_id)
    estimate = found.estimated_open_ratio
    return FiguresOut(
        sent=found.sent,
        delivered=found.delivered,
        bounced=found.bounced,
        unknown=found.unknown,
        unsubscribed=found.unsubscribed,
        complained=found.complained,
        opens=ReactionOut.from_orm(found.opens),
        clicks=ReactionOut.from_orm(found.clicks),
        estimated_open_ratio=EstimateOut.from_orm(estimate) if estimate else None,
        links=[LinkOut.from_orm(link) for link in queries.links_clicked(mailing_id)],
    )


@router.get(
    "/mailings/{mailing_id}/recipients",
    auth=REPORTS,
    response=RecipientPage,
    summary="The people behind a number",
)
def mailing_recipients(
    request: HttpRequest,
    *,
    mailing_id: int,
    behaviour: str = "sent",
    after: int = 0,
    limit: Limit = 50,
) -> RecipientPage:
    """Return those who did something: sent, delivered, opened, clicked, clicked_machine …"""
    if behaviour not in queries.BEHAVIOURS:
        raise HttpError(422, f"Choose one of: {', '.join(queries.BEHAVIOURS)}.")
    found = queries.recipients(mailing_id, behaviour, after=after, limit=limit)
    return RecipientPage(
        items=[RecipientOut.from_orm(row) for row in found],
        next=found[-1].contact_id if len(found) == limit else None,
    )
