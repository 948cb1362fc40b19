"""Reads of clicks on confirm buttons."""

from __future__ import annotations

from sincerely.apps.engagement.models import Event, EventKind, Verdict
from sincerely.apps.engagement.rules.counting import CONFIRMING_ROLE


def confirming_click(contact_id: int, *, mailing_id: int, message_id: int) -> Event | None:
    """Return the first click on a message's confirm button that counts as a person's, if any."""
    rows = Event.objects.filter(
        mailing_id=mailing_id,
        kind=EventKind.CLICKED,
        contact_id=contact_id,
        message_id=message_id,
        verdict=Verdict.HUMAN,
        link__role=CONFIRMING_ROLE,
    )
    return rows.select_related("mailing", "signal").order_by("at", "pk").first()
