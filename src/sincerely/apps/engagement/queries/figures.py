"""The figures of a mailing: sent, delivered, opens and clicks by verdict, link and time.

All counts are of people (contacts), except where a name says `_count` of opens or clicks. What a
machine did is counted apart; 'undecided' is a third number and part of the estimate.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Count, F, FloatField, Q, Sum
from django.db.models.functions import TruncDay, TruncHour

from sincerely.apps.engagement.models import Delivery, Event, EventKind, Verdict
from sincerely.apps.engagement.rules.estimate import Estimate, Group, open_ratio


@dataclass(frozen=True, slots=True)
class Reaction:
    """One kind of reaction (opens or clicks): people by the best verdict each of them got."""

    human: int = 0
    undecided: int = 0
    machine: int = 0
    human_count: int = 0
    undecided_count: int = 0
    machine_count: int = 0
    estimated: float = 0.0


@dataclass(frozen=True, slots=True)
class Figures:
    """What came of a mailing; ratios are for whoever shows them."""

    sent: int = 0
    delivered: int = 0
    bounced: int = 0
    unknown: int = 0
    unsubscribed: int = 0
    complained: int = 0
    opens: Reaction = field(default_factory=Reaction)
    clicks: Reaction = field(default_factory=Reaction)
    estimated_open_ratio: Estimate | None = None


@dataclass(frozen=True, slots=True)
class LinkFigures:
    """Clicks on one link."""

    link_id: int
    number: int
    url: str
    text: str
    role: str
    label_id: int | None
    human_people: int
    human_count: int
    undecided_count: int
    machine_count: int


def _people(noun: str) -> dict[str, Count]:
    """Count each contact once, under the best verdict: human before undecided before machine."""
    human = Q(**{f"human_{noun}_count__gt": 0})
    undecided = Q(**{f"undecided_{noun}_count__gt": 0})
    machine = Q(**{f"machine_{noun}_count__gt": 0})
    return {
        f"{noun}_human": Count("id", filter=human),
        f"{noun}_undecided": Count("id", filter=~human & undecided),
        f"{noun}_machine": Count("id", filter=~human & ~undecided & machine),
    }


def figures_of(mailing_id: int) -> Figures:
    """Return the figures of a mailing, read from its rollups."""
    rows = Delivery.objects.filter(mailing_id=mailing_id)
    counts = {
        f"{noun}_{v}_count": Sum(f"{v}_{noun}_count")
        for noun in ("open", "click")
        for v in Verdict.values
    }
    found = rows.aggregate(
        sent=Count("sent_at"),
        delivered=Count("delivered_at"),
        bounced=Count("bounced_at"),
        unknown=Count("id", filter=Q(sent_at__isnull=False, delivered_at=None, bounced_at=None)),
        unsubscribed=Count("unsubscribed_at"),
        complained=Count("complained_at"),
        hidden=Count("id", filter=_is_hidden()),
        hidden_clicked=Count("id", filter=_is_hidden() & Q(human_click_count__gt=0)),
        **_people("open"),
        **_people("click"),
        **counts,
    )
    names = ("sent", "delivered", "bounced", "unknown", "unsubscribed", "complained")
    return Figures(
        **{name: found[name] for name in names},
        opens=_reaction(found, "open", mailing_id),
        clicks=_reaction(found, "click", mailing_id),
        estimated_open_ratio=_estimated_opens(found),
    )


def _is_hidden() -> Q:
    """Readers whose opens cannot be seen here: only machines loaded the pixel."""
    return Q(delivered_at__isnull=False, machine_open_count__gt=0, human_open_count=0)


def _estimated_opens(found: dict[str, int]) -> Estimate | None:
    hidden = Group(found["hidden"], 0, found["hidden_clicked"])
    visible = Group(
        max(0, found["delivered"] - hidden.delivered),
        found["open_human"],
        max(0, found["click_human"] - hidden.clicked),
    )
    return open_ratio(visible, hidden)


def _reaction(found: dict[str, int], noun: str, mailing_id: int) -> Reaction:
    kind = EventKind.OPENED if noun == "open" else EventKind.CLICKED
    human = found[f"{noun}_human"]
    undecided = (
        Event.objects.filter(mailing_id=mailing_id, kind=kind, verdict=Verdict.UNDECIDED)
        .values("contact_id")
        .annotate(p=Sum(1 - F("machine_probability"), output_field=FloatField()))
        .values_list("contact_id", "p")
    )
    human_too = set(
        Delivery.objects.filter(
            mailing_id=mailing_id,
            contact_id__in=[contact_id for contact_id, _p in undecided],
            **{f"human_{noun}_count__gt": 0},
        ).values_list("contact_id", flat=True)
    )
    maybe = sum(min(1.0, p) for contact_id, p in undecided if contact_id not in human_too)
    return Reaction(
        human=human,
        undecided=found[f"{noun}_undecided"],
        machine=found[f"{noun}_machine"],
        human_count=found[f"{noun}_human_count"] or 0,
        undecided_count=found[f"{noun}_undecided_count"] or 0,
        machine_count=found[f"{noun}_machine_count"] or 0,
        estimated=round(human + maybe, 1),
    )


def links_clicked(mailing_id: int) -> list[LinkFigures]:
    """Return the clicks per link that has any, in the order of the links' numbers."""
    verdicts = {f"{v}_count": Count("id", filter=Q(verdict=v)) for v in Verdict.values}
    rows = (
        Event.objects.filter(mailing_id=mailing_id, kind=EventKind.CLICKED, link__isnull=False)
        .values(
            "link_id", "link__number", "link__url", "link__text", "link__role", "link__label_id"
        )
        .annotate(
            human_people=Count("contact_id", filter=Q(verdict=Verdict.HUMAN), distinct=True),
            **verdicts,
        )
        .order_by("link__number")
    )
    return [
        LinkFigures(
            link_id=row["link_id"],
            number=row["link__number"],
            url=row["link__url"],
            text=row["link__text"],
            role=row["link__role"],
            label_id=row["link__label_id"],
            human_people=row["human_people"],
            human_count=row["human_count"],
            undecided_count=row["undecided_count"],
            machine_count=row["machine_count"],
        )
        for row in rows
    ]


def labels_clicked(mailing_id: int) -> list[tuple[int, str, int, int]]:
    """Return (label id, name, people, clicks) of human clicks, most people first."""
    rows = (
        Event.objects.filter(
            mailing_id=mailing_id,
            kind=EventKind.CLICKED,
            verdict=Verdict.HUMAN,
            link__label__isnull=False,
        )
        .values_list("link__label_id", "link__label__name")
        .annotate(people=Count("contact_id", distinct=True), clicks=Count("id"))
        .order_by("-people", "link__label__name")
    )
    return list(rows)


def over_time(
    mailing_id: int, *, by: str = "hour"
) -> list[tuple[datetime, int, int, int, int, int]]:
    """Return (start, human opens, human clicks, undecided, machine, left) per hour or day (UTC)."""
    truncated = TruncHour("at") if by == "hour" else TruncDay("at")
    seen = Q(kind__in=(EventKind.OPENED, EventKind.CLICKED))
    human = Q(verdict=Verdict.HUMAN)
    rows = (
        Event.objects.filter(mailing_id=mailing_id)
        .exclude(kind__in=(EventKind.SENT, EventKind.DELIVERED, EventKind.BOUNCED))
        .annotate(bucket=truncated)
        .values_list("bucket")
        .annotate(
            opens=Count("id", filter=Q(kind=EventKind.OPENED) & human),
            clicks=Count("id", filter=Q(kind=EventKind.CLICKED) & human),
            undecided=Count("id", filter=seen & Q(verdict=Verdict.UNDECIDED)),
            machine=Count("id", filter=seen & Q(verdict=Verdict.MACHINE)),
            left=Count("id", filter=Q(kind__in=(EventKind.UNSUBSCRIBED, EventKind.COMPLAINED))),
        )
        .order_by("bucket")
    )
    return list(rows)
