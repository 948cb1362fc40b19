"""Writes on brands."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from sincerely.apps.team.actions.trail import audit
from sincerely.apps.team.models import Brand
from sincerely.apps.team.rules import Actor

CHANGEABLE = frozenset(
    (
        "name",
        "logo",
        "logo_type",
        "accent_colour",
        "text_colour",
        "background_colour",
        "heading_font",
        "body_font",
        "postal_address",
        "privacy_url",
        "link_url",
    )
)


def create_brand(values: dict[str, Any], *, now: datetime, actor: Actor) -> Brand:
    """Store a brand and return it."""
    _refuse_unknown(values)
    with transaction.atomic():
        brand = Brand.objects.create(created_at=now, **values)
        audit(actor, "brand.created", now=now, subject=brand)
    return brand


def edit_brand(brand_id: int, changes: dict[str, Any], *, now: datetime, actor: Actor) -> Brand:
    """Change a brand; the audit trail says which values changed (the logo by its size)."""
    _refuse_unknown(changes)
    with transaction.atomic():
        brand = Brand.objects.select_for_update().get(pk=brand_id)
        detail = {}
        for name, value in changes.items():
            before = getattr(brand, name)
            if before == value:
                continue
            if name == "logo":
                detail["logo_bytes"] = {"before": len(before or b""), "after": len(value or b"")}
            else:
                detail[name] = {"before": before, "after": value}
            setattr(brand, name, value)
        brand.save()
        audit(actor, "brand.changed", now=now, subject=brand, detail=detail)
    return brand


def archive_brand(brand_id: int, *, now: datetime, actor: Actor) -> Brand:
    """Take a brand out of use; its mails stay as they were. The last brand stays."""
    with transaction.atomic():
        brands = {brand.pk: brand for brand in Brand.objects.select_for_update().order_by("pk")}
        brand = brands[brand_id]
        if not any(one.archived_at is None for key, one in brands.items() if key != brand_id):
            return brand
        brand.archived_at = brand.archived_at or now
        brand.save(update_fields=["archived_at"])
        audit(actor, "brand.archived", now=now, subject=brand)
    return brand


def _refuse_unknown(values: dict[str, Any]) -> None:
    unknown = set(values) - CHANGEABLE
    if unknown:
        raise ValueError(f"A brand has no {', '.join(sorted(unknown))}.")
