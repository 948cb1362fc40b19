"""Reads of one contact's labels: state, provenance, counts, strength."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, time

from django.db.models import Count, Max

from sincerely.apps.engagement.models import Delivery
from sincerely.apps.interests.models import ContactLabel, LabelChange, LabelDay
from sincerely.apps.interests.queries.rates import SEEN, mailings_with, rates_of
from sincerely.apps.interests.rules.strength import (
    DECLARED_HALF_LIFE_DAYS,
    Clicks,
    Evidence,
    Strength,
    classify,
    decay,
    strength,
)
from sincerely.apps.labels.models import Label
from sincerely.apps.team.queries import organisation

DEFAULT_HALF_LIFE_DAYS = 60


@dataclass(frozen=True, slots=True)
class Seen:
    """What stands beside the clicks: decayed mails seen with the label, and its usual rate."""

    mails: float
    rate: float


@dataclass(frozen=True, slots=True)
class HeldLabel:
    """A label as it stands for one contact; counts are raw, strength is decayed."""

    label: Label
    state: ContactLabel | None
    click_count: int
    undecided_count: int
    day_count: int
    mailing_count: int
    last_click_at: datetime | None
    strength: float
    sureness: Strength

    @property
    def is_held(self) -> bool:
        """True where the contact has the label now."""
        return self.state is not None and self.state.is_held


def half_life_days() -> int:
    """Return the organisation's half-life of an interest."""
    house = organisation()
    return house.label_half_life_days if house else DEFAULT_HALF_LIFE_DAYS


def clicks_of(rows: Iterable[LabelDay]) -> list[Clicks]:
    """Return the evidence with its time: the last human click of the day, else its noon, UTC."""
    return [
        Clicks(
            at=row.last_at or datetime.combine(row.day, time(12), UTC),
            human=row.human_count,
            undecided=row.undecided_count,
        )
        for row in rows
    ]


def labels_of(contact_id: int, *, now: datetime) -> list[HeldLabel]:
    """Return every label that the contact holds, lost or clicked on; held and strong ones first."""
    days: dict[int, list[LabelDay]] = defaultdict(list)
    for row in LabelDay.objects.filter(contact_id=contact_id):
        days[row.label_id].append(row)
    states = {s.label_id: s for s in ContactLabel.objects.filter(contact_id=contact_id)}
    labels = Label.objects.filter(pk__in={*days, *states}, merged_into=None)
    ids = [label.pk for label in labels]
    exposures, rates = _exposures(contact_id, ids, now=now), rates_of(ids)
    half_life = half_life_days()
    found = [
        _held(
            label,
            states.get(label.pk),
            rows=days[label.pk],
            seen=Seen(exposures[label.pk], rates[label.pk]),
            now=now,
            half_life=half_life,
        )
        for label in labels
    ]
    return sorted(found, key=lambda h: (not h.is_held, -h.strength, h.label.name))


def _held(
    label: Label,
    state: ContactLabel | None,
    *,
    rows: list[LabelDay],
    seen: Seen,
    now: datetime,
    half_life: int,
) -> HeldLabel:
    decayed = strength(clicks_of(rows), now=now, half_life_days=half_life)
    human = [row for row in rows if row.human_count]
    evidence = evidence_of(state, clicks=decayed, exposures=seen.mails, now=now)
    return HeldLabel(
        label=label,
        state=state,
        click_count=sum(row.human_count for row in rows),
        undecided_count=sum(row.undecided_count for row in rows),
        day_count=len({row.day for row in human}),
        mailing_count=len({row.mailing_id for row in human if row.mailing_id}),
        last_click_at=max((row.last_at for row in human if row.last_at), default=None),
        strength=decayed,
        sureness=classify(evidence, mean_rate=seen.rate),
    )


def evidence_of(
    state: ContactLabel | None, *, clicks: float, exposures: float, now: datetime
) -> Evidence:
    """Return all that speaks of an interest: the clicks, and how the label came, each decayed."""
    declared = told = 0.0
    if state and state.is_held:
        age = decay(state.since, now=now, half_life_days=DECLARED_HALF_LIFE_DAYS)
        declared = age if state.route == "self" else 0.0
        told = age if state.route in {"import", "manual", "api"} else 0.0
    return Evidence(clicks=clicks, declared=declared, told=told, exposures=exposures)


def _exposures(contact_id: int, label_ids: list[int], *, now: datetime) -> dict[int, float]:
    """Return, per label, the decayed number of mails seen that had a link with it.

    A human open or click stands behind each mail seen.
    """
    rows = Delivery.objects.filter(SEEN, contact_id=contact_id).values_list(
        "mailing_id", "first_open_at", "first_click_at", "sent_at"
    )
    half_life = half_life_days()
    mails = [
        (mailing_id, decay(at, now=now, half_life_days=half_life))
        for mailing_id, opened, clicked, sent in rows
        if (at := opened or clicked or sent)
    ]
    with_label = mailings_with(label_ids, {mailing_id for mailing_id, _weight in mails})
    return {
        pk: sum(weight for mailing_id, weight in mails if mailing_id in mailings)
        for pk, mailings in with_label.items()
    }


def changes_of(
    contact_id: int, *, before: datetime | None = None, limit: int = 50
) -> list[LabelChange]:
    """Return a contact's label changes up to a time (itself included), newest first."""
    rows = LabelChange.objects.filter(contact_id=contact_id)
    if before is not None:
        rows = rows.filter(at__lte=before)
    return list(rows.select_related("label", "mailing").order_by("-at", "-pk")[:limit])


def routes_of(contact_id: int) -> dict[int, list[LabelChange]]:
    """Return, per label, the changes that brought it or confirmed it, newest first."""
    found: dict[int, list[LabelChange]] = defaultdict(list)
    rows = LabelChange.objects.filter(contact_id=contact_id, is_added=True)
    for row in rows.select_related("mailing").order_by("-pk"):
        found[row.label_id].append(row)
    return dict(found)


def labels_version(contact_id: int) -> str:
    """Return a short text that changes whenever a contact's labels or their evidence change."""
    days = LabelDay.objects.filter(contact_id=contact_id).aggregate(
        rows=Count("pk"), last=Max("last_at"), newest=Max("pk")
    )
    changes = LabelChange.objects.filter(contact_id=contact_id).aggregate(newest=Max("pk"))
    last = days["last"].timestamp() if days["last"] else 0
    return f"{days['rows']}-{days['newest']}-{last}-{changes['newest']}"
