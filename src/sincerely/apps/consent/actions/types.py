"""Writes of subscription types and consent wordings, with the decision that lay behind them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from sincerely.apps.consent.models import SubscriptionType, Wording
from sincerely.apps.consent.queries.types import default_type, is_in_use
from sincerely.apps.consent.rules.proof import wording_hash
from sincerely.apps.team.actions import audit
from sincerely.apps.team.rules import Actor

DEFAULT_NAME = "Marketing Information"


class TypeInUse(ValueError):
    """The subscription type cannot be deleted: permission stands under it, or it is the default."""


@transaction.atomic
def default_subscription_type(now: datetime) -> SubscriptionType:
    """Return the default type, *Marketing Information*; it is made again where it is missing."""
    found = default_type()
    if found:
        return found
    row, _is_new = SubscriptionType.objects.get_or_create(
        name=DEFAULT_NAME, defaults={"created_at": now, "promised_per_month": 4}
    )
    SubscriptionType.objects.filter(pk=row.pk).update(is_default=True)
    row.is_default = True
    return row


@transaction.atomic
def create_type(
    name: str,
    *,
    description: str,
    promised_per_month: int,
    now: datetime,
    actor: Actor,
    note: str = "",
) -> SubscriptionType:
    """Store a subscription type with its promise; the audit trail keeps the member's note."""
    row = SubscriptionType.objects.create(
        name=name.strip(),
        description=description,
        promised_per_month=promised_per_month,
        created_at=now,
    )
    audit(actor, "subscription type created", now=now, subject=row, detail=_decision(row, note))
    return row


@transaction.atomic
def edit_type(
    type_id: int,
    *,
    name: str,
    description: str,
    promised_per_month: int,
    now: datetime,
    actor: Actor,
    note: str = "",
) -> SubscriptionType:
    """Change a subscription type's words and promise."""
    row = SubscriptionType.objects.get(pk=type_id)
    row.name, row.description = name.strip(), description
    row.promised_per_month = promised_per_month
    row.save(update_fields=["name", "description", "promised_per_month"])
    audit(actor, "subscription type changed", now=now, subject=row, detail=_decision(row, note))
    return row


@transaction.atomic
def archive_type(type_id: int, *, archived: bool, now: datetime, actor: Actor) -> SubscriptionType:
    """Stop offering a type, or offer it again; the default type cannot be put away."""
    row = SubscriptionType.objects.get(pk=type_id)
    if archived and row.is_default:
        raise TypeInUse(row.name)
    row.archived_at = now if archived else None
    row.save(update_fields=["archived_at"])
    act = "subscription type archived" if archived else "subscription type restored"
    audit(actor, act, now=now, subject=row)
    return row


@transaction.atomic
def delete_type(type_id: int, *, now: datetime, actor: Actor) -> None:
    """Delete a type under which nothing stands; raises TypeInUse for the default and used ones."""
    row = SubscriptionType.objects.get(pk=type_id)
    if row.is_default or is_in_use(type_id):
        raise TypeInUse(row.name)
    audit(actor, "subscription type deleted", now=now, subject=row)
    row.delete()


@transaction.atomic
def wording(text: str, *, now: datetime, language: str = "en") -> Wording:
    """Return the stored consent text; the same text is stored once."""
    row, _is_new = Wording.objects.get_or_create(
        text_hash=wording_hash(text),
        defaults={"text": text.strip(), "language": language, "created_at": now},
    )
    return row


def record_decision(
    what: str, *, choice: str, note: str, now: datetime, actor: Actor, subject: Any = None
) -> None:
    """Keep who decided what on a legal question, and their note, in the audit trail."""
    detail = {"choice": choice, "note": note}
    audit(actor, f"legal choice: {what}", now=now, subject=subject, detail=detail)


def _decision(row: SubscriptionType, note: str) -> dict[str, Any]:
    return {
        "choice": {"name": row.name, "promised_per_month": row.promised_per_month},
        "note": note,
    }
