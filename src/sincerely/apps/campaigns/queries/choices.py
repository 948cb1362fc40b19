"""What the forms of a campaign offer."""

from __future__ import annotations

from sincerely.apps.consent.models import SubscriptionType
from sincerely.apps.contacts.queries import contacts_by_id, find_prefix
from sincerely.apps.sending.models import SenderIdentity, TestAddress, Transport
from sincerely.apps.team.models import Brand, Member

Choices = list[tuple[int, str]]


def brands() -> Choices:
    """Return the brands in use."""
    return [(row.pk, row.name) for row in Brand.objects.filter(archived_at=None).order_by("name")]


def senders() -> Choices:
    """Return the sender identities in use, as 'name <address>'."""
    rows = SenderIdentity.objects.filter(archived_at=None).order_by("-is_default", "name")
    return [(row.pk, f"{row.name} <{row.address}>") for row in rows]


def transports() -> Choices:
    """Return the transports in use."""
    rows = Transport.objects.filter(archived_at=None).order_by("-is_default", "name")
    return [(row.pk, row.name) for row in rows]


def subscription_types() -> Choices:
    """Return the subscription types in use, the default first."""
    rows = SubscriptionType.objects.filter(archived_at=None).order_by("-is_default", "name")
    return [(row.pk, row.name) for row in rows]


def test_members() -> list[tuple[str, str]]:
    """Return to whom tests may go: members and the saved test addresses."""
    members = Member.objects.filter(is_active=True).order_by("name")
    saved = TestAddress.objects.order_by("address")
    return [
        *((member.email, f"{member.name} <{member.email}>") for member in members),
        *(
            (row.address, f"{row.name} <{row.address}>" if row.name else row.address)
            for row in saved
        ),
    ]


def people_like(text: str, *, limit: int = 8) -> list[tuple[int, str, str]]:
    """Return id, address and name of contacts whose name or address starts with the text."""
    found = contacts_by_id(find_prefix(text, limit=limit))
    return [
        (pk, one.address, f"{one.first_name} {one.last_name}".strip()) for pk, one in found.items()
    ]
