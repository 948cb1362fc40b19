"""How sure a label is of its holders, page by page: the same judgement as a contact's page."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from sincerely.apps.engagement.models import Delivery, Link
from sincerely.apps.engagement.rules.counting import TELLING_ROLES
from sincerely.apps.interests.models import ContactLabel, LabelDay
from sincerely.apps.interests.queries.holders import holders
from sincerely.apps.interests.queries.labels import clicks_of, evidence_of, half_life_days
from sincerely.apps.interests.queries.rates import SEEN, rates_of
from sincerely.apps.interests.rules.strength import Strength, classify, decay, strength

# Beyond so many holders they stand in order of arrival: to order them by clicks reads them all.
MOST_ORDERED = 20_000

_MOST_CLICKS_FIRST = """
SELECT h.contact_id, COALESCE(c.clicks, 0) AS clicks
FROM interests_contactlabel h LEFT JOIN (
  SELECT contact_id, SUM(human_count) AS clicks
  FROM interests_labelday WHERE label_id = %(label)s GROUP BY contact_id
) c ON c.contact_id = h.contact_id
WHERE h.label_id = %(label)s AND h.is_held AND (
  COALESCE(c.clicks, 0) < %(clicks)s
  OR (COALESCE(c.clicks, 0) = %(clicks)s AND h.contact_id > %(contact)s))
ORDER BY clicks DESC, h.contact_id LIMIT %(limit)s
"""


@dataclass(frozen=True, slots=True)
class Holding:
    """What stands for one holder: raw human clicks, their decayed strength, the class."""

    clicks: int
    strength: float
    sureness: Strength


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page of holders begins: after so many clicks and this contact."""

    clicks: int = 2**31
    contact_id: int = 0


def ordered_holders(
    label_id: int, *, after: Place, limit: int, holder_count: int
) -> list[tuple[int, int]]:
    """Return holders with their clicks, most clicks first; of very many, in order of arrival."""
    if holder_count > MOST_ORDERED:
        ids = holders(label_id, after=after.contact_id, limit=limit)
        return [(contact_id, 0) for contact_id in ids]
    asked = {
        "label": label_id,
        "clicks": after.clicks,
        "contact": after.contact_id,
        "limit": limit,
    }
    with connection.cursor() as cursor:
        cursor.execute(_MOST_CLICKS_FIRST, asked)
        return [(int(row[0]), int(row[1])) for row in cursor.fetchall()]


def holdings(label_id: int, contact_ids: Sequence[int], *, now: datetime) -> dict[int, Holding]:
    """Return how strong the interest in one label is for each of these contacts."""
    days: dict[int, list[LabelDay]] = defaultdict(list)
    for row in LabelDay.objects.filter(label_id=label_id, contact_id__in=contact_ids):
        days[row.contact_id].append(row)
    states = ContactLabel.objects.filter(label_id=label_id, contact_id__in=contact_ids)
    by_contact = {state.contact_id: state for state in states}
    half_life, rate = half_life_days(), rates_of([label_id])[label_id]
    seen = _mails_seen(label_id, contact_ids, now=now, half_life=half_life)
    found = {}
    for pk in contact_ids:
        decayed = strength(clicks_of(days[pk]), now=now, half_life_days=half_life)
        evidence = evidence_of(by_contact.get(pk), clicks=decayed, exposures=seen[pk], now=now)
        found[pk] = Holding(
            clicks=sum(row.human_count for row in days[pk]),
            strength=decayed,
            sureness=classify(evidence, mean_rate=rate),
        )
    return found


def _mails_seen(
    label_id: int, contact_ids: Sequence[int], *, now: datetime, half_life: int
) -> dict[int, float]:
    """Return, per contact, the decayed number of mails seen that had a link with the label."""
    links = Link.objects.filter(label_id=label_id, role__in=TELLING_ROLES)
    rows = Delivery.objects.filter(
        SEEN, contact_id__in=contact_ids, mailing_id__in=links.values("mailing_id")
    ).values_list("contact_id", "first_open_at", "first_click_at", "sent_at")
    seen: dict[int, float] = defaultdict(float)
    for contact_id, opened, clicked, sent in rows:
        if at := opened or clicked or sent:
            seen[contact_id] += decay(at, now=now, half_life_days=half_life)
    return seen
