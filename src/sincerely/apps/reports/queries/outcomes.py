"""The recipients of a mailing, each under exactly one outcome; counts, pages and a stream."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import Case, CharField, Count, Exists, OuterRef, QuerySet, Value, When
from pyroaring import BitMap

from sincerely.apps.engagement.models import Delivery, Event, EventKind, LinkRole, Verdict
from sincerely.apps.reports.rules.outcomes import OUTCOMES
from sincerely.apps.segments.queries import recipients_by_deed, recipients_who

# What somebody must have done for an outcome; a set of those is kept per mailing, but for acts.
DEEDS = {
    "complained": "complained",
    "unsubscribed": "unsubscribed",
    "bounced": "bounced",
    "acted": "",
    "clicked": "clicked",
    "opened": "opened",
    "unknown": "unknown",
}
FIRST_SLICE, LARGEST_SLICE = 200, 2_000
ACTS = (LinkRole.ACTION, LinkRole.CONFIRM)


@dataclass(frozen=True, slots=True)
class Row:
    """One recipient as the report and its export show them."""

    contact_id: int
    address: str
    name: str
    outcome: str
    human_opens: int = 0
    human_clicks: int = 0
    machine_clicks: int = 0


def judged(mailing_id: int, *, sent_only: bool = True) -> QuerySet[Delivery]:
    """Return the deliveries of a mailing, each with its one outcome."""
    acted = Event.objects.filter(
        mailing_id=mailing_id,
        contact_id=OuterRef("contact_id"),
        kind=EventKind.CLICKED,
        verdict=Verdict.HUMAN,
        link__role__in=ACTS,
    )
    rows = Delivery.objects.filter(mailing_id=mailing_id)
    if sent_only:
        rows = rows.filter(sent_at__isnull=False)
    return rows.annotate(acted=Exists(acted)).annotate(
        outcome=Case(
            When(complained_at__isnull=False, then=Value("complained")),
            When(unsubscribed_at__isnull=False, then=Value("unsubscribed")),
            When(bounced_at__isnull=False, then=Value("bounced")),
            When(acted=True, then=Value("acted")),
            When(human_click_count__gt=0, then=Value("clicked")),
            When(human_open_count__gt=0, then=Value("opened")),
            When(delivered_at__isnull=False, then=Value("nothing")),
            default=Value("unknown"),
            output_field=CharField(),
        )
    )


def outcome_counts(mailing_id: int, *, sent: int | None = None) -> dict[str, int]:
    """Return how many recipients came to each outcome; the sum is the number of sent.

    Whoever knows how many were sent gets it from the stored sets, where these hold as many people:
    somebody with two of the mails (two contacts made one) counts twice.
    """
    sets = None if sent is None else recipients_by_deed(mailing_id)
    if sets is not None and len(sets["sent"]) == sent:
        counted = {outcome: len(ids) for outcome, ids in _divided(sets, mailing_id).items()}
    else:
        rows = judged(mailing_id).order_by().values_list("outcome").annotate(n=Count("id"))
        counted = dict(rows)
    return {outcome: counted.get(outcome, 0) for outcome in OUTCOMES}


def _divided(sets: dict[str, BitMap], mailing_id: int) -> dict[str, BitMap]:
    """Put each recipient under the first outcome that they came to."""
    left, divided = sets["sent"], {}
    for outcome, deed in DEEDS.items():
        divided[outcome] = left & (sets[deed] if deed else _acting(mailing_id))
        left = left - divided[outcome]
    return divided | {"nothing": left}


def _acting(mailing_id: int) -> BitMap:
    """Return who clicked a call to action: one read of the mailing's clicks."""
    clicks = Event.objects.filter(
        mailing_id=mailing_id, kind=EventKind.CLICKED, verdict=Verdict.HUMAN, link__role__in=ACTS
    )
    return BitMap(clicks.values_list("contact_id", flat=True))


def people_with(mailing_id: int, outcome: str, *, after: int = 0, limit: int = 50) -> list[Row]:
    """Return a page of recipients with an outcome ('' for all), by contact id."""
    rows = judged(mailing_id).select_related("contact").order_by("contact_id")
    if outcome:
        rows = rows.filter(outcome=outcome)
        # A walk over all recipients would be long where few came to this.
        ids = _who_came_to(mailing_id, outcome)
        if ids is not None:
            return among_the_few(rows, ids, after=after, limit=limit)
    return [row_of(row) for row in rows.filter(contact_id__gt=after)[:limit]]


def _who_came_to(mailing_id: int, outcome: str) -> BitMap | None:
    """Return everybody with an outcome, and perhaps others; None where no set says who.

    Whoever has two of a mailing's mails (two contacts made one) and opened one did something.
    """
    if outcome == "acted":
        return _acting(mailing_id)
    if outcome in DEEDS:
        return recipients_who(mailing_id, DEEDS[outcome])
    sets = recipients_by_deed(mailing_id)
    return None if sets is None else _divided(sets, mailing_id)["nothing"]


def among_the_few(rows: QuerySet[Delivery], ids: BitMap, *, after: int, limit: int) -> list[Row]:
    """Judge these contacts in growing slices until a page is full."""
    found: list[Row] = []
    start, size = ids.rank(min(after, 2**32 - 1)), FIRST_SLICE
    while start < len(ids) and len(found) < limit:
        some = list(ids[start : start + size])
        found += [row_of(row) for row in rows.filter(contact_id__in=some)]
        start, size = start + size, min(size * 4, LARGEST_SLICE)
    return found[:limit]


def every_recipient(mailing_id: int, *, slice_count: int = 2000) -> Iterator[Row]:
    """Yield all recipients by contact id, in slices, so that memory stays flat."""
    after = 0
    while rows := people_with(mailing_id, "", after=after, limit=slice_count):
        yield from rows
        after = rows[-1].contact_id


def row_of(row: Delivery) -> Row:
    """Return a judged delivery as a row of the report."""
    return Row(
        contact_id=row.contact_id,
        address=row.contact.address,
        name=str(row.contact),
        outcome=getattr(row, "outcome", ""),
        human_opens=row.human_open_count,
        human_clicks=row.human_click_count,
        machine_clicks=row.machine_click_count,
    )
