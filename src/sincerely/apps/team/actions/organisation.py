"""Writes on the one organisation."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from sincerely.apps.team.actions.brands import create_brand, edit_brand
from sincerely.apps.team.actions.trail import audit
from sincerely.apps.team.models import Brand, Organisation
from sincerely.apps.team.rules import Actor


def set_up_organisation(
    name: str,
    *,
    language: str,
    time_zone: str,
    brand: dict[str, Any],
    now: datetime,
    actor: Actor,
) -> Brand:
    """Store the organisation and its first brand (again: change both) and return the brand."""
    with transaction.atomic():
        organisation, _created = Organisation.objects.update_or_create(
            pk=1,
            defaults={"name": name, "language": language, "time_zone": time_zone},
        )
        if organisation.set_up_at is None:
            organisation.set_up_at = now
            organisation.save(update_fields=["set_up_at"])
        audit(actor, "organisation.set_up", now=now, subject=organisation)
        first = Brand.objects.order_by("pk").first()
        if first is None:
            return create_brand(brand, now=now, actor=actor)
        return edit_brand(first.pk, brand, now=now, actor=actor)


def edit_organisation(changes: dict[str, Any], *, now: datetime, actor: Actor) -> Organisation:
    """Change the organisation's settings; the audit trail keeps before and after."""
    with transaction.atomic():
        organisation = Organisation.objects.select_for_update().get(pk=1)
        detail = {}
        for name, value in changes.items():
            before = getattr(organisation, name)
            if before != value:
                detail[name] = {"before": before, "after": value}
                setattr(organisation, name, value)
        organisation.save()
        audit(actor, "organisation.changed", now=now, subject=organisation, detail=detail)
    return organisation
