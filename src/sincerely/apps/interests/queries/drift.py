"""Reads for the drift report: the clicks of the people with an interest, contact by contact."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import groupby

from django.db.models import F, Max, QuerySet
from django.db.models.functions import Mod

from sincerely.apps.interests.models import LabelDay
from sincerely.apps.interests.queries.labels import clicks_of, half_life_days
from sincerely.apps.interests.rules.drift import Drift, Period
from sincerely.apps.interests.rules.strength import Clicks

DAYS = 90
# Beyond so many rows a part of the people is looked at, and the page says so: a second's work.
MOST_ROWS = 100_000


def drift(*, now: datetime, label_id: int | None = None) -> tuple[Drift, int]:
    """Return what moved in the last 90 days, and that one in so many people was looked at."""
    rows = LabelDay.objects.filter(label__merged_into=None)
    if label_id is not None:
        rows = rows.filter(label_id=label_id)
    one_in = _one_in(rows)
    if one_in > 1:
        rows = rows.annotate(part=Mod(F("contact_id"), one_in)).filter(part=0)
    period = Period(now - timedelta(days=DAYS), now, half_life_days())
    found = Drift()
    for contact_id, clicks in _by_contact(rows):
        found.add(contact_id, clicks, period)
    return found, one_in


def _one_in(rows: QuerySet[LabelDay]) -> int:
    newest = rows.aggregate(newest=Max("pk"))["newest"] or 0
    return 1 if newest <= MOST_ROWS else rows.count() // MOST_ROWS + 1


def _by_contact(rows: QuerySet[LabelDay]) -> Iterator[tuple[int, dict[int, list[Clicks]]]]:
    ordered = rows.order_by("contact_id", "label_id").iterator(chunk_size=2_000)
    for contact_id, theirs in groupby(ordered, key=lambda row: row.contact_id):
        days: defaultdict[int, list[LabelDay]] = defaultdict(list)
        for row in theirs:
            days[row.label_id].append(row)
        yield contact_id, {label_id: clicks_of(given) for label_id, given in days.items()}
