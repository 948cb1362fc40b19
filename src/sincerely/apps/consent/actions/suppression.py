"""Writes of suppressions: an address, known by its key, that must not be mailed."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from sincerely.apps.consent.models import Suppression
from sincerely.apps.team.actions import audit
from sincerely.apps.team.rules import PROGRAM, Actor


@transaction.atomic
def suppress(
    address_key: bytes,
    *,
    reason: str,
    now: datetime,
    actor: Actor = PROGRAM,
    masked: str = "",
    detail: str = "",
) -> Suppression:
    """Make an address unmailable for a reason, and return the row; once per reason."""
    row, is_new = Suppression.objects.get_or_create(
        address_key=address_key,
        reason=reason,
        lifted_at=None,
        defaults={
            "masked": masked[:80],
            "since": now,
            "member_id": actor.member_id,
            "detail": detail[:300],
        },
    )
    if is_new and not actor.is_program:
        audit(actor, "address suppressed", now=now, subject=row, detail={"reason": str(reason)})
    return row


@transaction.atomic
def lift_suppression(
    suppression_id: int, *, note: str, now: datetime, actor: Actor
) -> Suppression | None:
    """End a suppression with a reason given; None where it is not there or already lifted.

    Lifting opens nothing else: opt-outs and missing permission still stand.
    """
    row = Suppression.objects.filter(pk=suppression_id, lifted_at=None).first()
    if row is None:
        return None
    row.lifted_at = now
    row.save(update_fields=["lifted_at"])
    detail = {"reason": row.reason, "note": note}
    audit(actor, "suppression lifted", now=now, subject=row, detail=detail)
    return row
