"""What the JSON API says of events and figures."""

from __future__ import annotations

from datetime import datetime

from ninja import Schema


class EventOut(Schema):
    """One event; `verdict` is human, undecided or machine, `machine_probability` 0–1."""

    id: int
    kind: str
    at: datetime
    mailing_id: int | None
    message_id: int | None
    link_url: str
    label_id: int | None
    verdict: str
    machine_probability: float
    is_simulated: bool
    detail: str


class EventPage(Schema):
    """A page of events, newest first; `next` is the following `after`."""

    items: list[EventOut]
    next: int | None


class ReactionOut(Schema):
    """Opens or clicks: people by their best verdict, counts, and the estimate of people."""

    human: int
    undecided: int
    machine: int
    human_count: int
    undecided_count: int
    machine_count: int
    estimated: float


class EstimateOut(Schema):
    """An estimated ratio (0–1) with its 95 % interval."""

    value: float
    low: float
    high: float


class LinkOut(Schema):
    """Clicks on one link; `human_people` are contacts, the rest clicks."""

    number: int
    url: str
    text: str
    role: str
    label_id: int | None
    human_people: int
    human_count: int
    undecided_count: int
    machine_count: int


class FiguresOut(Schema):
    """What came of a mailing."""

    sent: int
    delivered: int
    bounced: int
    unknown: int
    unsubscribed: int
    complained: int
    opens: ReactionOut
    clicks: ReactionOut
    estimated_open_ratio: EstimateOut | None
    links: list[LinkOut]


class RecipientOut(Schema):
    """One contact of a mailing, with what happened."""

    contact_id: int
    message_id: int
    sent_at: datetime | None
    delivered_at: datetime | None
    bounced_at: datetime | None
    unsubscribed_at: datetime | None
    first_open_at: datetime | None
    first_click_at: datetime | None
    human_open_count: int
    human_click_count: int


class RecipientPage(Schema):
    """A page of recipients by contact id; `next` is the following `after`."""

    items: list[RecipientOut]
    next: int | None
