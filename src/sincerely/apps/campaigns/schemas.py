"""What the campaign endpoints take and give."""

from __future__ import annotations

import datetime as dt
from datetime import datetime
from typing import Any, Literal

from ninja import Schema
from pydantic import Field


class CampaignIn(Schema):
    """A new draft around a content."""

    name: str = Field(min_length=1, max_length=200)
    content_id: int


class DuplicateIn(Schema):
    """What the copy is called; without a name it is called after the first."""

    name: str = Field("", max_length=200)


class EnvelopeIn(Schema):
    """What of the envelope is to change; what is left out stays."""

    name: str | None = Field(None, min_length=1, max_length=200)
    sender_id: int | None = None
    transport_id: int | None = None
    reply_to: str | None = Field(None, max_length=254)
    subscription_type_id: int | None = None
    utm: dict[str, str] | None = None
    per_hour: int | None = Field(None, ge=1)
    patience_hours: int = Field(72, ge=0, le=8_760)
    priority: int = Field(0, ge=-1, le=1)


class AudienceIn(Schema):
    """Sources such as {"list": 3}, {"segment": 7}, {"label": 2} or {"everyone": true}."""

    include: list[dict[str, Any]] = []
    exclude: list[dict[str, Any]] = []


class LaunchIn(Schema):
    """When it leaves: now, at a moment, or at a time on each contact's own clock."""

    schedule: Literal["now", "at", "local"] = "now"
    at: datetime | None = None
    on: dt.date | None = None
    time: dt.time | None = None


class CampaignOut(Schema):
    """A campaign as its owner sees it."""

    id: int
    name: str
    stage: str
    mailing_id: int
    content_id: int
    sender_id: int | None
    transport_id: int | None
    subscription_type_id: int | None
    reply_to: str
    audience: dict[str, Any]
    utm: dict[str, Any]
    patience_hours: int
    priority: int
    schedule: str
    launch_after: datetime | None
    launched_at: datetime | None
    created_at: datetime


class CampaignPage(Schema):
    """A page of campaigns, newest first; `next` goes into `before`."""

    items: list[CampaignOut]
    next: int | None


class EstimateOut(Schema):
    """How many will get it and how many not, by reason; who of the first would have to wait now."""

    will_get_it: int
    left_out: dict[str, int]
    would_wait: dict[str, int]


class TallyOut(Schema):
    """Messages by state and, where they did not leave or have to wait, by reason."""

    by_state: dict[str, int]
    by_reason: dict[str, int]
    waiting_by_reason: dict[str, int]
    is_finished: bool
