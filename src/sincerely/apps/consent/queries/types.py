"""Reads of subscription types."""

from __future__ import annotations

from sincerely.apps.consent.models import ConsentRecord, Permission, SubscriptionType


def subscription_types(*, archived: bool = False) -> list[SubscriptionType]:
    """Return the subscription types, the default one first; archived ones only when asked for."""
    rows = SubscriptionType.objects.order_by("-is_default", "name")
    return list(rows if archived else rows.filter(archived_at=None))


def subscription_type(type_id: int) -> SubscriptionType | None:
    """Return one subscription type, or None."""
    return SubscriptionType.objects.filter(pk=type_id).first()


def type_named(name: str) -> SubscriptionType | None:
    """Return the subscription type with this name, or None."""
    return SubscriptionType.objects.filter(name=name.strip()).first()


def default_type() -> SubscriptionType | None:
    """Return the default subscription type, if it is there."""
    return SubscriptionType.objects.filter(is_default=True).order_by("pk").first()


def is_in_use(type_id: int) -> bool:
    """Say whether a permission or a consent record stands under this type."""
    return (
        ConsentRecord.objects.filter(subscription_type_id=type_id).exists()
        or Permission.objects.filter(subscription_type_id=type_id).exists()
    )
