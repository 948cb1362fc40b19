"""Who an audience is: its query, its size by reason, its sources, the fit of the type."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db import connection

from sincerely.apps.campaigns.rules.audience import Audience, as_excluded_rule, as_rule
from sincerely.apps.campaigns.rules.fit import Fit, fit
from sincerely.apps.consent.models import SubscriptionType
from sincerely.apps.contacts.models import Contact, ContactList
from sincerely.apps.contacts.queries import contacts_by_id
from sincerely.apps.labels.models import Label
from sincerely.apps.segments.compile import select
from sincerely.apps.segments.models import Segment
from sincerely.apps.segments.query import ContactQuery
from sincerely.apps.sending.queries import estimate
from sincerely.apps.sending.queries.audience import (
    Judged,
    Page,
    held_back,
    left_out_page,
    page_of,
    size_of,
)
from sincerely.apps.team.queries import organisation

EXCLUDED = "excluded"  # beside the gate's reasons: taken out by the audience itself


@dataclass(frozen=True, slots=True)
class SourceChoice:
    """Something that can be put into an audience."""

    kind: str
    pk: int
    name: str


def audience_query(audience: Audience, *, now: datetime) -> ContactQuery | None:
    """Return the audience as SQL, None where nobody is included; raises segments' WrongRule."""
    rule = as_rule(audience)
    if rule is None:
        return None
    ours = organisation()
    return select(rule, now=now, zone=ZoneInfo(ours.time_zone if ours else "UTC"))


def audience_estimate(
    audience: Audience, *, subscription_type_id: int | None, now: datetime
) -> dict[str, int]:
    """Return how many will get it (key '') and how many not, by reason; raises WrongRule."""
    query = audience_query(audience, now=now)
    if query is None:
        return {}
    counted = estimate(query, subscription_type_id=subscription_type_id, now=now)
    excluded = _excluded_query(audience, now=now)
    if excluded is not None and (count := size_of(excluded)):
        counted[EXCLUDED] = count
    return counted


def people_left_out(
    audience: Audience,
    *,
    reason: str,
    subscription_type_id: int | None,
    now: datetime,
    after: int,
    limit: int,
) -> list[Contact]:
    """Return a page of those who would not get it for a reason, by contact id; raises WrongRule."""
    page = Page(after, limit)
    if reason == EXCLUDED:
        query = _excluded_query(audience, now=now)
        ids = page_of(query, page) if query else []
    else:
        query = audience_query(audience, now=now)
        judged = Judged(reason, subscription_type_id, now)
        ids = left_out_page(query, judged, page) if query else []
    known = contacts_by_id(ids)
    return [known[pk] for pk in ids if pk in known]


def _excluded_query(audience: Audience, *, now: datetime) -> ContactQuery | None:
    rule = as_excluded_rule(audience)
    if rule is None:
        return None
    ours = organisation()
    return select(rule, now=now, zone=ZoneInfo(ours.time_zone if ours else "UTC"))


def would_wait(
    audience: Audience, *, subscription_type_id: int | None, now: datetime
) -> dict[str, int]:
    """Return how many of those who will get it would have to wait if it left now, by reason."""
    query = audience_query(audience, now=now)
    if query is None:
        return {}
    return held_back(query, subscription_type_id=subscription_type_id, now=now)


def sources() -> list[SourceChoice]:
    """Return every list, segment and label that an audience may name."""
    lists = ContactList.objects.filter(archived_at=None).order_by("name")
    segments = Segment.objects.filter(archived_at=None).order_by("name")
    labels = Label.objects.filter(archived_at=None).order_by("name")
    return [
        *(SourceChoice("list", row.pk, row.name) for row in lists),
        *(SourceChoice("segment", row.pk, row.name) for row in segments),
        *(SourceChoice("label", row.pk, row.name) for row in labels),
    ]


def audience_names(audience: Audience) -> dict[str, list[SourceChoice]]:
    """Return the sources of an audience with their names; a deleted one has the name ''."""
    known = {(choice.kind, choice.pk): choice for choice in sources()}
    named: dict[str, list[SourceChoice]] = {}
    for side in ("include", "exclude"):
        named[side] = []
        for source in audience.get(side, []):
            kind, value = next(iter(source.items()))
            pk = int(value) if kind != "everyone" else 0
            named[side].append(known.get((kind, pk), SourceChoice(kind, pk, "")))
    return named


def type_fit(audience: Audience, *, subscription_type_id: int | None, now: datetime) -> Fit | None:
    """Judge the chosen type against what the audience agreed to; None for an empty audience."""
    query = audience_query(audience, now=now)
    default = SubscriptionType.objects.filter(is_default=True).first()
    if query is None or default is None:
        return None
    counts_sql = (
        "SELECT p.subscription_type_id, COUNT(*) FROM consent_permission p"  # noqa: S608
        f" WHERE p.is_in AND p.contact_id IN ({query.sql}) GROUP BY p.subscription_type_id"
    )
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT COUNT(*) FROM ({query.sql}) audience", query.params)  # noqa: S608
        audience_count = int(cursor.fetchone()[0])
        cursor.execute(counts_sql, query.params)
        permitted = {int(type_id): int(count) for type_id, count in cursor.fetchall()}
    return fit(
        permitted,
        audience_count=audience_count,
        chosen_type_id=subscription_type_id,
        default_type_id=default.pk,
    )
