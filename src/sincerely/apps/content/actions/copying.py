"""Copying a draft: everything but its history, and with its links to be reviewed anew."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from sincerely.apps.content.models import Content


def copy_content(content_id: int, *, name: str, now: datetime) -> Content:
    """Store a copy of a draft under another name and return it."""
    with transaction.atomic():
        content = Content.objects.get(pk=content_id)
        content.pk = None
        content._state.adding = True  # noqa: SLF001 -- Django's documented way to copy a row
        content.name, content.created_at, content.changed_at = name.strip()[:200], now, now
        content.revision, content.links_revision, content.reviewed_links = 1, 0, []
        content.closed_at = None
        content.save()
    return content
