"""Reads for the drift report: the clicks of the people with an interest, contact by contact."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from django.db.models import F, Max, QuerySet

from sincerely.apps.interests.models import LabelDay
from sincerely.apps.interests.queries.labels import clicks_of, half_life_days
from sincerely.apps.interests.rules.drift import Drift, Period
from sincerely.apps.interests.rules.strength import Clicks

DAYS = 90
# Beyond so many rows a part of the people is looked at, and the page says so: a second's work for
# the report, a tenth of it for one label, where it is but a card of the page.
MOST_ROWS, MOST_ROWS_OF_ONE = 50_000, 5_000
COLUMNS = ("contact_id", "label_id", "day", "last_at", "human_count", "undecided_count")


def drift(*, now: datetime, label_id: int | None = None) -> tuple[Drift, int]:
    """Return what moved in the last 90 days, and that one in so many people was looked at."""
    rows = LabelDay.objects.filter(label__merged_into=None)
    if label_id is not None:
        rows = rows.filter(label_id=label_id)
    one_in = _one_in(rows, MOST_ROWS if label_id is None else MOST_ROWS_OF_ONE)
    if one_in > 1:
        rows = rows.annotate(part=F("contact_id") % one_in).filter(part=0)
    period = Period(now - timedelta(days=DAYS), now, half_life_days())
    found = Drift()
    for contact_id, clicks in _by_contact(rows):
        found.add(contact_id, clicks, period)
    return found, one_in


def _one_in(rows: QuerySet[LabelDay], most: int) -> int:
    newest = rows.aggregate(newest=Max("pk"))["newest"] or 0
    return 1 if newest <= most else rows.count() // most + 1


def _by_contact(rows: QuerySet[LabelDay]) -> Iterator[tuple[int, dict[int, list[Clicks]]]]:
    ordered: Iterator[Any] = (
        rows.order_by("contact_id", "label_id")
        .values_list(*COLUMNS, named=True)  # half the price of model objects
        .iterator(chunk_size=2_000)
    )
    for contact_id, theirs in groupby(ordered, key=lambda row: row.contact_id):
        days: defaultdict[int, list[Any]] = defaultdict(list)
        for row in theirs:
            days[row.label_id].append(row)
        yield contact_id, {label_id: clicks_of(given) for label_id, given in days.items()}
