"""Messages one by one: their attempts, and the lists behind a number."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Min

from sincerely.apps.sending.models import Attempt, Message


def first_attempt_at(message_id: int) -> datetime | None:
    """Return when a message was first tried, or None."""
    found: datetime | None = Attempt.objects.filter(message_id=message_id).aggregate(
        first=Min("at")
    )["first"]
    return found


def messages_page(
    mailing_id: int, *, state: str = "", reason: str = "", after: int = 0, limit: int = 50
) -> list[Message]:
    """Return messages of a mailing above an id, with their contacts; keyset paging."""
    found = Message.objects.filter(mailing_id=mailing_id, id__gt=after)
    if state:
        found = found.filter(state=state)
    if reason:
        found = found.filter(reason=reason)
    return list(found.select_related("contact").order_by("id")[:limit])
