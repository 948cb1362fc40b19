"""The fixed cast of the tests."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sincerely.apps.team.models import Brand, Member, Organisation
from sincerely.apps.team.rules import Actor, Role


@dataclass(frozen=True)
class Cast:
    """The organisation, its brand and its members."""

    organisation: Organisation
    brand: Brand
    alice: Member
    bob: Member
    ann_lyst: Member
    vera: Member

    @property
    def actor(self) -> Actor:
        """Alice, acting."""
        return Actor(member_id=self.alice.pk, ip="127.0.0.1")


def make_cast(now: datetime) -> Cast:
    """Store the cast and return it; everybody's password is 'correct horse battery'."""

    def member(name: str, role: Role) -> Member:
        return Member.objects.create_user(
            f"{name.lower()}@team.example",
            "correct horse battery",
            name=name,
            role=role.value,
            created_at=now,
        )

    return Cast(
        organisation=Organisation.objects.create(pk=1, name="Pet shop", set_up_at=now),
        brand=Brand.objects.create(
            name="Pet shop", postal_address="1 High Street, Ghent", created_at=now
        ),
        alice=member("Alice", Role.OWNER),
        bob=member("Bob", Role.EDITOR),
        ann_lyst=member("Ann", Role.ANALYST),
        vera=member("Vera", Role.VIEWER),
    )
