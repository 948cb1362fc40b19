"""Test mails: to members and saved test addresses, outside the gate and never counted."""

from __future__ import annotations

from datetime import datetime

from sincerely.apps.sending.models import TestAddress
from sincerely.apps.team.rules import Actor


def send_test(*, now: datetime, actor: Actor) -> None:
    """Placeholder until the message builder stands."""


def add_test_address(address: str, *, name: str = "") -> TestAddress:
    """Put an address on the saved test list; the same address again changes its name."""
    found, _ = TestAddress.objects.update_or_create(
        address=address.strip().lower(), defaults={"name": name}
    )
    return found


def remove_test_address(address_id: int) -> None:
    """Take an address off the saved test list."""
    TestAddress.objects.filter(pk=address_id).delete()
