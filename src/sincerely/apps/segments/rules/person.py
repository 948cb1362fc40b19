"""All that a rule may ask about one contact, as plain facts; loaded by `queries.people`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class LabelDayFacts:
    """Clicks on links with a label on one UTC day in one mailing (0 = imported)."""

    label_id: int
    day: date
    mailing_id: int
    human_count: int
    undecided_count: int
    last_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class DeliveryFacts:
    """What became of one message."""

    mailing_id: int
    sent_at: datetime | None = None
    delivered_at: datetime | None = None
    bounced_at: datetime | None = None
    unsubscribed_at: datetime | None = None
    complained_at: datetime | None = None
    opens: Mapping[str, int] = field(default_factory=dict)
    clicks: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class EventFacts:
    """One event; `label_id` and `role` are those of its link."""

    kind: str
    at: datetime
    mailing_id: int | None = None
    link_id: int | None = None
    label_id: int | None = None
    role: str | None = None
    verdict: str = "human"


@dataclass(frozen=True, slots=True)
class Person:
    """The facts of one contact. `times` and `counts` are the rollups; a missing key is unknown."""

    contact_id: int
    fields: Mapping[str, Any] = field(default_factory=dict)
    custom: Mapping[str, Any] = field(default_factory=dict)
    times: Mapping[str, datetime | None] = field(default_factory=dict)
    counts: Mapping[str, int] = field(default_factory=dict)
    labels: frozenset[int] = frozenset()
    label_days: tuple[LabelDayFacts, ...] = ()
    permissions: Mapping[int, tuple[bool, int]] = field(default_factory=dict)
    is_opted_out: bool = False
    is_suppressed: bool = False
    lists: frozenset[int] = frozenset()
    deliveries: tuple[DeliveryFacts, ...] = ()
    events: tuple[EventFacts, ...] = ()
