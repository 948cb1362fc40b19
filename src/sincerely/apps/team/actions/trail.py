"""The audit trail: one entry for each write that a person or key makes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Model

from sincerely.apps.team.models import AuditEntry
from sincerely.apps.team.rules import Actor


def audit(
    actor: Actor,
    act: str,
    *,
    now: datetime,
    subject: Any = None,
    detail: dict[str, Any] | None = None,
) -> None:
    """Add one entry to the audit trail, in the caller's transaction. `subject` is a model row."""
    AuditEntry.objects.create(
        at=now,
        member_id=actor.member_id,
        api_key_id=actor.api_key_id,
        ip=actor.ip,
        act=act,
        subject_kind=type(subject).__name__.lower() if subject is not None else "",
        subject_id=getattr(subject, "pk", None),
        subject_name=_name_of(subject)[:200] if subject is not None else "",
        detail=detail or {},
    )


def _name_of(subject: Any) -> str:
    """Return what the row calls itself, else its name; never Django's 'Content object (9)'."""
    if isinstance(subject, Model) and type(subject).__str__ is Model.__str__:
        return str(getattr(subject, "name", ""))
    return str(subject)
