"""Drafts from outside the editor: create one, change it whole."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from sincerely.apps.content.models import Content, Mode
from sincerely.apps.content.rules.document import tidy
from sincerely.apps.team.actions import audit
from sincerely.apps.team.rules import Actor


def create_content(
    name: str,
    *,
    brand_id: int,
    now: datetime,
    actor: Actor,
    mode: str = Mode.BLOCKS,
    document: dict[str, Any] | None = None,
    source: str = "",
    subject: str = "",
    preheader: str = "",
    language: str = "en",
    text: str | None = None,
) -> Content:
    """Store a new draft and return it; `text` None: made from the HTML. Raises BadDocument."""
    tidied = tidy(document) if document is not None else {}
    with transaction.atomic():
        content = Content.objects.create(
            name=name.strip()[:200] or subject[:200],
            brand_id=brand_id,
            mode=mode,
            document=tidied,
            source=source,
            subject=subject[:250],
            preheader=preheader[:250],
            language=language,
            text=text or "",
            is_text_edited=text is not None,
            created_at=now,
            changed_at=now,
        )
        audit(actor, "content.created", now=now, subject=content)
    return content


def delete_content(content_id: int, *, now: datetime, actor: Actor) -> None:
    """Remove a draft; frozen versions stay. Raises Content.DoesNotExist, ProtectedError."""
    with transaction.atomic():
        content = Content.objects.get(pk=content_id)
        audit(actor, "content.deleted", now=now, subject=content, detail={"name": content.name})
        content.delete()
