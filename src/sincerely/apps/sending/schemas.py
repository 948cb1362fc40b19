"""What the sending endpoints take and give; a secret goes in and never comes out."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any

from ninja import Schema
from pydantic import Field

from sincerely.apps.sending.models import Hold


class SenderIn(Schema):
    """A new sender."""

    brand_id: int
    name: str = Field(min_length=1, max_length=120)
    address: str = Field(min_length=3, max_length=254)
    reply_to: str = Field("", max_length=254)


class SenderOut(Schema):
    """A sender with what its domain said."""

    id: int
    brand_id: int
    name: str
    address: str
    reply_to: str
    checks: dict[str, Any]
    checked_at: datetime | None
    verified_at: datetime | None
    is_default: bool


class TransportIn(Schema):
    """A new transport; `secret` is write-only."""

    name: str = Field(min_length=1, max_length=120)
    kind: str = Field(pattern="^(smtp|provider)$")
    host: str = Field("", max_length=255)
    port: int = Field(587, ge=1, le=65535)
    security: str = Field("starttls", pattern="^(starttls|tls|none)$")
    user_name: str = Field("", max_length=255)
    provider: str = Field("", max_length=40)
    options: dict[str, Any] = {}
    secret: str = Field("", max_length=500)
    connection_count: int = Field(4, ge=1, le=100)
    per_connection_count: int = Field(100, ge=1)
    per_hour: int | None = Field(None, ge=1)


class TransportOut(Schema):
    """A transport without its secret."""

    id: int
    name: str
    kind: str
    host: str
    port: int
    security: str
    provider: str
    connection_count: int
    per_connection_count: int
    per_hour: int | None
    is_default: bool
    trouble: str
    locks: list[str]


class MessageOut(Schema):
    """One message of the outbox."""

    id: int
    mailing_id: int
    contact_id: int
    state: str
    reason: str
    attempt_count: int
    planned_at: datetime
    finished_at: datetime | None


class MessagePage(Schema):
    """A page of messages; `next` is the id to go on after."""

    items: list[MessageOut]
    next: int | None


class TallyOut(Schema):
    """Messages of a mailing by state and by reason."""

    by_state: dict[str, int]
    by_reason: dict[str, int]
    waiting_by_reason: dict[str, int]
    is_finished: bool
    waiting_because: list[str]


class HoldOut(Schema):
    """Why a mailing waits (every mailing, where there is no id) until a member releases it."""

    id: int
    mailing_id: int | None
    reason: str
    placed_by: str
    placed_at: datetime

    @staticmethod
    def resolve_reason(hold: Hold) -> str:
        """Say it in words."""
        return hold.words


class LimitIn(Schema):
    """At most `most` mails to an address in `days`; a type of null means all marketing mail."""

    subscription_type_id: int | None = None
    most: int | None = Field(None, ge=1, le=100)
    days: int = Field(7, ge=1, le=366)
    gap_hours: int = Field(0, ge=0, le=720)


class Restraints(Schema):
    """All limits, and the hours on a contact's clock in which nobody is mailed."""

    limits: list[LimitIn] = []
    quiet_begins: time | None = None
    quiet_ends: time | None = None
