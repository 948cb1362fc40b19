"""Reads of the notes on a contact's timeline."""

from __future__ import annotations

from datetime import datetime

from sincerely.apps.contacts.models import ContactNote


def notes_of(contact_id: int, *, before: datetime | None, limit: int) -> list[ContactNote]:
    """Return a contact's notes up to a time (itself included), newest first."""
    rows = ContactNote.objects.filter(contact_id=contact_id)
    if before is not None:
        rows = rows.filter(at__lte=before)
    return list(rows.order_by("-at", "-pk")[:limit])
