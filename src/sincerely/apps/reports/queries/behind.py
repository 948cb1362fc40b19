"""The people behind the numbers of a report that overlap: deeds, links, labels, the outbox."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Q
from pyroaring import BitMap

from sincerely.apps.engagement.models import Event, EventKind, Verdict
from sincerely.apps.reports.queries.outcomes import Row, among_the_few, judged, row_of
from sincerely.apps.reports.rules.deeds import DEEDS
from sincerely.apps.segments.queries import recipients_who
from sincerely.apps.sending.models import Message
from sincerely.apps.sending.queries.dispatches import OPEN_STATES

PLAIN = {
    "delivered": Q(delivered_at__isnull=False),
    "bounced": Q(bounced_at__isnull=False),
    "complained": Q(complained_at__isnull=False),
    "unsubscribed": Q(unsubscribed_at__isnull=False),
    "opened": Q(human_open_count__gt=0),
    "clicked": Q(human_click_count__gt=0),
}
# A set of these is kept per mailing; a walk over all recipients would be long for few people.
KEPT = frozenset(DEEDS) - {"delivered"}


def _condition(deed: str) -> Q:
    if deed in PLAIN:
        return PLAIN[deed]
    noun, _dash, verdict = deed.partition("-")
    counter = "open" if noun == "opened" else "click"
    mine = Q(**{f"{verdict}_{counter}_count__gt": 0})
    if noun == "made":
        return mine
    better = {f"human_{counter}_count": 0}
    if verdict == Verdict.MACHINE:
        better[f"undecided_{counter}_count"] = 0
    return mine & Q(**better)


def people_who(mailing_id: int, deed: str, *, after: int = 0, limit: int = 50) -> list[Row]:
    """Return a page of recipients who did something, whatever else they did, by contact id."""
    rows = judged(mailing_id, sent_only=False).filter(_condition(deed)).select_related("contact")
    rows = rows.order_by("contact_id")
    if deed in KEPT:
        return among_the_few(rows, recipients_who(mailing_id, deed), after=after, limit=limit)
    return [row_of(row) for row in rows.filter(contact_id__gt=after)[:limit]]


def people_on_link(
    mailing_id: int, link_id: int, *, verdict: str, after: int = 0, limit: int = 50
) -> list[Row]:
    """Return a page of those whose clicks on a link got a verdict, by contact id."""
    return _clickers(mailing_id, Q(link_id=link_id, verdict=verdict), after=after, limit=limit)


def people_on_label(
    mailing_id: int, label_id: int, *, after: int = 0, limit: int = 50
) -> list[Row]:
    """Return a page of those who clicked a link that carries a label, by contact id."""
    chosen = Q(link__label_id=label_id, verdict=Verdict.HUMAN)
    return _clickers(mailing_id, chosen, after=after, limit=limit)


def _clickers(mailing_id: int, chosen: Q, *, after: int, limit: int) -> list[Row]:
    clicks = Event.objects.filter(chosen, mailing_id=mailing_id, kind=EventKind.CLICKED)
    ids = BitMap(clicks.order_by().values_list("contact_id", flat=True).distinct())
    rows = judged(mailing_id, sent_only=False).select_related("contact").order_by("contact_id")
    return among_the_few(rows, ids, after=after, limit=limit)


def people_planned(
    mailing_id: int, *, states: Iterable[str] = (), after: int = 0, limit: int = 50
) -> list[Row]:
    """Return a page of the audience, or of those whose message is in a state, by contact id."""
    chosen = Q(state__in=states) if states else Q()
    return _messages(mailing_id, chosen, after=after, limit=limit)


def people_held_back(mailing_id: int, reason: str, *, after: int = 0, limit: int = 50) -> list[Row]:
    """Return a page of those who still have to wait for a reason, by contact id."""
    chosen = Q(reason=reason, state__in=OPEN_STATES)
    return _messages(mailing_id, chosen, after=after, limit=limit)


def people_left_out(mailing_id: int, reason: str, *, after: int = 0, limit: int = 50) -> list[Row]:
    """Return a page of those who do not get it for a reason, by contact id."""
    chosen = Q(reason=reason) & ~Q(state__in=OPEN_STATES)
    return _messages(mailing_id, chosen, after=after, limit=limit)


def _messages(mailing_id: int, chosen: Q, *, after: int, limit: int) -> list[Row]:
    rows = Message.objects.filter(chosen, mailing_id=mailing_id, contact_id__gt=after)
    page = rows.select_related("contact").order_by("contact_id")[:limit]
    return [
        Row(row.contact_id, row.contact.address, str(row.contact), row.reason or row.state)
        for row in page
    ]
