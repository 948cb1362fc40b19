"""Reads of what says that somebody stays: a confirm click, the thank-you page's button."""

from __future__ import annotations

from sincerely.apps.consent.models import Act, ConsentRecord, Permission

CLICKED, CONFIRMED = "confirm click", "confirmed"  # causes: the weaker evidence, the stronger


def confirmations_of(contact_id: int, *, message_id: int) -> list[ConsentRecord]:
    """Return the records by which a contact confirmed by way of this message, strongest first."""
    rows = ConsentRecord.objects.filter(
        contact_id=contact_id,
        message_id=message_id,
        act=Act.PERMIT,
        cause__in=(CLICKED, CONFIRMED),
        revoked_at=None,
    )
    return list(rows.order_by("-evidence", "pk"))


def is_permitted(contact_id: int, *, subscription_type_id: int) -> bool:
    """Say whether an earlier permission for this kind of mail stands, not withdrawn."""
    return Permission.objects.filter(
        contact_id=contact_id, subscription_type_id=subscription_type_id, is_in=True
    ).exists()
