"""Shapes of the team domain in the API."""

from __future__ import annotations

from datetime import date, datetime

from ninja import Field, Schema

from sincerely.apps.team.rules import Capability


class MemberOut(Schema):
    """A person of the team."""

    id: int
    name: str
    email: str
    role: str
    is_active: bool


class MembersOut(Schema):
    """The whole team; it is small."""

    items: list[MemberOut]
    next: int | None = None


class BrandOut(Schema):
    """A brand; its logo is not part of it."""

    id: int
    name: str
    accent_colour: str
    text_colour: str
    background_colour: str
    heading_font: str
    body_font: str
    postal_address: str
    privacy_url: str
    link_url: str
    archived_at: datetime | None


class BrandsOut(Schema):
    """All brands."""

    items: list[BrandOut]
    next: int | None = None


class KeyIn(Schema):
    """A key to make; it never reaches further than the key that makes it."""

    name: str = Field(min_length=1, max_length=120)
    scopes: list[Capability] = Field(min_length=1)


class KeyOut(Schema):
    """A key without its secret."""

    id: int
    name: str
    prefix: str
    scopes: list[str]
    created_at: datetime
    last_used_on: date | None
    revoked_at: datetime | None


class NewKeyOut(KeyOut):
    """A key with its secret, this once."""

    secret: str


class KeysOut(Schema):
    """All keys, those in use first."""

    items: list[KeyOut]
    next: int | None = None
