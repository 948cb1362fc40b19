"""Who an audience is: its query, its size by reason, its sources, the fit of the type."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from pyroaring import BitMap

from sincerely.apps.campaigns.rules.audience import Audience, as_excluded_rule, as_rule
from sincerely.apps.campaigns.rules.fit import Fit, fit
from sincerely.apps.consent.models import SubscriptionType
from sincerely.apps.contacts.models import Contact, ContactList
from sincerely.apps.contacts.queries import contacts_by_id
from sincerely.apps.labels.models import Label
from sincerely.apps.segments.compile import select
from sincerely.apps.segments.models import Segment
from sincerely.apps.segments.queries import following, selected_set
from sincerely.apps.segments.query import ContactQuery
from sincerely.apps.segments.rules.tree import Rule
from sincerely.apps.sending.queries.judged import Judged, is_restrained, judged, permitted_by_type
from sincerely.apps.sending.queries.judged import would_wait as waiting_people
from sincerely.apps.sending.rules.restraint import CAPPED, QUIET_HOURS
from sincerely.apps.team.queries import organisation

EXCLUDED = "excluded"  # beside the gate's reasons: taken out by the audience itself
WAITING = (CAPPED, QUIET_HOURS)  # reasons to get it later


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
    found = _judged(audience, subscription_type_id, now)
    counted = {reason: len(people) for reason, people in found.items() if people}
    excluded = len(_selected(as_excluded_rule(audience), now))
    return counted | ({EXCLUDED: excluded} if excluded else {})


def people_left_out(
    audience: Audience,
    *,
    reason: str,
    subscription_type_id: int | None,
    now: datetime,
    after: int,
    limit: int,
) -> list[Contact]:
    """Return a page of those who would not get it, or not yet, for a reason, by contact id.

    Raises WrongRule.
    """
    if reason == EXCLUDED:
        people = _selected(as_excluded_rule(audience), now)
    else:
        found = _judged(audience, subscription_type_id, now)
        if reason in WAITING:
            mailable = found.get("", BitMap())
            found = waiting_people(mailable, subscription_type_id=subscription_type_id, now=now)
        people = found.get(reason, BitMap())
    ids = following(people, after=after, limit=limit)
    known = contacts_by_id(ids)
    return [known[pk] for pk in ids if pk in known]


def _selected(rule: Rule | None, now: datetime) -> BitMap:
    return BitMap() if rule is None else selected_set(rule, now=now)


def _judged(audience: Audience, subscription_type_id: int | None, now: datetime) -> Judged:
    people = _selected(as_rule(audience), now)
    return judged(people, subscription_type_id=subscription_type_id, now=now)


def would_wait(
    audience: Audience, *, subscription_type_id: int | None, now: datetime
) -> dict[str, int]:
    """Return how many of those who will get it would have to wait if it left now, by reason."""
    if not is_restrained():
        return {}
    mailable = _judged(audience, subscription_type_id, now).get("", BitMap())
    found = waiting_people(mailable, subscription_type_id=subscription_type_id, now=now)
    return {reason: len(people) for reason, people in found.items()}


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
    people = _selected(as_rule(audience), now)
    default = SubscriptionType.objects.filter(is_default=True).first()
    if not audience.get("include") or default is None:
        return None
    permitted = {kind: len(people & those) for kind, those in permitted_by_type().items()}
    return fit(
        permitted,
        audience_count=len(people),
        chosen_type_id=subscription_type_id,
        default_type_id=default.pk,
    )
