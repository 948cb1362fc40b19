"""Senders, transports and test addresses as pages and forms list them."""

from __future__ import annotations

from sincerely.apps.sending.models import (
    SenderIdentity,
    TestAddress,
    TestMail,
    Transport,
)
from sincerely.apps.team.models import Brand


def senders() -> list[SenderIdentity]:
    """Return the senders that may be chosen, the default first."""
    found = SenderIdentity.objects.filter(archived_at=None).select_related("brand")
    return list(found.order_by("-is_default", "name", "id"))


def sender(sender_id: int) -> SenderIdentity | None:
    """Return one sender with its brand."""
    return SenderIdentity.objects.select_related("brand").filter(pk=sender_id).first()


def transports() -> list[Transport]:
    """Return the transports that may be chosen, the default first."""
    return list(Transport.objects.filter(archived_at=None).order_by("-is_default", "name"))


def transport(transport_id: int) -> Transport | None:
    """Return one transport."""
    return Transport.objects.filter(pk=transport_id, archived_at=None).first()


def default_sender() -> SenderIdentity | None:
    """Return the sender that new campaigns use."""
    return SenderIdentity.objects.filter(archived_at=None, is_default=True).first()


def test_addresses() -> list[TestAddress]:
    """Return the saved test list."""
    return list(TestAddress.objects.order_by("address"))


def recent_tests(transport_id: int, *, limit: int = 10) -> list[TestMail]:
    """Return the newest test mails that went through this transport."""
    return list(TestMail.objects.filter(transport_id=transport_id).order_by("-id")[:limit])


def brand_choices() -> list[tuple[int, str]]:
    """Return the brands a sender may belong to."""
    return [(b.pk, b.name) for b in Brand.objects.filter(archived_at=None).order_by("name")]
