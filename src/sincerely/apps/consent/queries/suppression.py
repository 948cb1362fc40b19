"""Reads of suppressions; addresses are known by their key only."""

from __future__ import annotations

from sincerely.apps.consent.models import Suppression
from sincerely.apps.contacts.queries import address_key
from sincerely.apps.contacts.rules.addresses import BadAddress


def active_suppressions(key: bytes) -> list[Suppression]:
    """Return what stands against mailing the address with this key."""
    return list(Suppression.objects.filter(address_key=key, lifted_at=None).order_by("since"))


def suppression(suppression_id: int) -> Suppression | None:
    """Return one suppression, or None."""
    return Suppression.objects.filter(pk=suppression_id).first()


def search_suppressions(raw_address: str) -> list[Suppression]:
    """Return every suppression of an address, lifted ones too; a wrong address has none."""
    try:
        key = address_key(raw_address.strip())
    except BadAddress:
        return []
    return list(Suppression.objects.filter(address_key=key).order_by("-since", "-pk"))


def suppressions_page(*, before: int = 0, reason: str = "", limit: int = 50) -> list[Suppression]:
    """Return a page of active suppressions with ids below `before` (0: the newest)."""
    rows = Suppression.objects.filter(lifted_at=None)
    if reason:
        rows = rows.filter(reason=reason)
    if before:
        rows = rows.filter(pk__lt=before)
    return list(rows.order_by("-pk")[:limit])
