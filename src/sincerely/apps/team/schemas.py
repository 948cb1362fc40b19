"""Shapes of the team domain in the API."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Annotated, Any

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator, validate_email
from ninja import Field, Schema
from pydantic import AfterValidator

from sincerely.apps.team.forms.brands import FONTS
from sincerely.apps.team.rules import Capability, Role


def _font(value: str) -> str:
    if value not in dict(FONTS):
        raise ValueError(f"One of: {'; '.join(dict(FONTS))}")
    return value


def _by(validate: Callable[[str], None]) -> Callable[[str], str]:
    """Take what Django's validator takes, and nothing as it is."""

    def check(value: str) -> str:
        try:
            if value:
                validate(value)
        except ValidationError as refusal:
            raise ValueError(" ".join(refusal.messages)) from None
        return value

    return check


Address = Annotated[str, Field(min_length=3, max_length=254), AfterValidator(_by(validate_email))]
Colour = Annotated[str, Field(pattern="^#[0-9a-fA-F]{6}$")]
Font = Annotated[str, AfterValidator(_font)]
Link = Annotated[str, Field(max_length=200), AfterValidator(_by(URLValidator(["http", "https"])))]


class MemberOut(Schema):
    """A person of the team."""

    id: int
    name: str
    email: str
    role: str
    is_active: bool


class MemberPatch(Schema):
    """What may be changed about a member by others."""

    role: Role | None = None
    is_active: bool | None = None


class InviteIn(Schema):
    """Somebody who shall join the team."""

    email: Address
    role: Role


class InvitationOut(Schema):
    """An invitation that still works."""

    id: int
    email: str
    role: str
    expires_at: datetime


class NewInvitationOut(InvitationOut):
    """An invitation with its link, this once."""

    link: str


class InvitationsOut(Schema):
    """All invitations that still work."""

    items: list[InvitationOut]
    next: int | None = None


class EntryOut(Schema):
    """One entry of the audit trail: who did what, when and from where."""

    id: int
    at: datetime
    act: str
    words: str
    member_id: int | None
    api_key_id: int | None
    ip: str | None
    subject_kind: str
    subject_id: int | None
    subject_name: str
    detail: dict[str, Any]


class TrailOut(Schema):
    """A page of the audit trail, newest first."""

    items: list[EntryOut]
    next: int | None = None


class MembersOut(Schema):
    """The whole team; it is small."""

    items: list[MemberOut]
    next: int | None = None


class BrandOut(Schema):
    """A brand; its logo has an address of its own."""

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
    has_logo: bool
    archived_at: datetime | None

    @staticmethod
    def resolve_has_logo(brand: Any) -> bool:
        """Say whether there is a logo, without reading it."""
        return bool(brand.logo_type)


class BrandIn(Schema):
    """A brand to make."""

    name: str = Field(min_length=1, max_length=120)
    postal_address: str = Field(min_length=1, max_length=500)
    accent_colour: Colour = "#2f6f5e"
    text_colour: Colour = "#22302c"
    background_colour: Colour = "#f6f4ef"
    heading_font: Font = "Georgia, serif"
    body_font: Font = "Arial, Helvetica, sans-serif"
    privacy_url: Link = ""
    link_url: Link = ""


class BrandPatch(Schema):
    """What to change of a brand; what is left out stays."""

    name: str | None = Field(None, min_length=1, max_length=120)
    postal_address: str | None = Field(None, min_length=1, max_length=500)
    accent_colour: Colour | None = None
    text_colour: Colour | None = None
    background_colour: Colour | None = None
    heading_font: Font | None = None
    body_font: Font | None = None
    privacy_url: Link | None = None
    link_url: Link | None = None


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
