"""What happened with one contact, newest first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sincerely.apps.engagement.models import ContactEngagement, Event


@dataclass(frozen=True, slots=True)
class Moment:
    """One line of a timeline; `label` is the link's interest label."""

    id: int
    kind: str
    at: datetime
    mailing_id: int | None
    mailing_name: str
    message_id: int | None
    link_url: str
    label_id: int | None
    verdict: str
    machine_probability: float
    is_simulated: bool
    detail: str


def events_of(
    contact_id: int, *, before: tuple[datetime, int] | None = None, limit: int = 50
) -> list[Moment]:
    """Return a contact's events, newest first; `before` is (at, id) of the last one shown."""
    events = Event.objects.filter(contact_id=contact_id).order_by("-at", "-id")
    if before is not None:
        at, event_id = before
        events = events.filter(at__lte=at).exclude(at=at, id__gte=event_id)
    rows = events.values_list(
        "id", "kind", "at", "mailing_id", "mailing__name", "message_id", "link__url",
        "link__label_id", "verdict", "machine_probability", "is_simulated", "detail",
    )[:limit]  # fmt: skip
    return [
        Moment(*row[:4], row[4] or "", row[5], row[6] or "", *row[7:])  # type: ignore[arg-type]
        for row in rows
    ]


def place_of(contact_id: int, event_id: int) -> tuple[datetime, int] | None:
    """Return where an event stands on its contact's timeline, for `before`; None if it is not."""
    found = Event.objects.filter(pk=event_id, contact_id=contact_id)
    return found.values_list("at", "pk").first()


def engagement_of(contact_id: int) -> ContactEngagement:
    """Return the contact's rollup; an empty one that is not stored if nothing has happened."""
    found = ContactEngagement.objects.filter(pk=contact_id).first()
    return found or ContactEngagement(contact_id=contact_id)
