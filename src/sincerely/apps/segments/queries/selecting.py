"""Reading by rule: how many, a few of them, which of a batch, and a page of members."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime

from django.db import connection
from pyroaring import BitMap

from sincerely.apps.contacts.models import Contact
from sincerely.apps.segments.compile import select_among
from sincerely.apps.segments.queries.reading import selected_set
from sincerely.apps.segments.query import ContactQuery
from sincerely.apps.segments.rules.tree import Rule

HIGHEST_ID = 2**32 - 1


def fetch_ids(query: ContactQuery) -> list[int]:
    """Return the contact ids of a statement."""
    with connection.cursor() as cursor:
        cursor.execute(query.sql, query.params)
        return [row[0] for row in cursor.fetchall()]


def count_query(query: ContactQuery) -> int:
    """Return how many contacts a statement yields."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT COUNT(*) FROM ({query.sql}) q", query.params)  # noqa: S608
        return int(cursor.fetchone()[0])


def count(rule: Rule, *, now: datetime) -> int:
    """Return how many contacts the rule selects; raises WrongRule."""
    return len(selected_set(rule, now=now))


def sample(rule: Rule, *, now: datetime, limit: int = 10) -> list[Contact]:
    """Return a few of the contacts whom the rule selects: the first by id."""
    return list(
        Contact.objects.filter(pk__in=page_after(rule, now=now, limit=limit)).order_by("pk")
    )


def matching(rule: Rule, contact_ids: Collection[int], *, now: datetime) -> set[int]:
    """Return which of these contacts the rule selects, by one statement; raises WrongRule."""
    if not contact_ids:
        return set()
    return set(fetch_ids(select_among(rule, contact_ids, now=now)))


def page_after(rule: Rule, *, now: datetime, after: int = 0, limit: int = 50) -> list[int]:
    """Return the next contact ids whom the rule selects, in order of id; raises WrongRule."""
    return following(selected_set(rule, now=now), after=after, limit=limit)


def following(found: BitMap, *, after: int, limit: int) -> list[int]:
    """Return the next ids of a set above an id, in order of id."""
    start = found.rank(min(after, HIGHEST_ID))
    return list(found[start : start + limit])


def preceding(found: BitMap, *, before: int, limit: int) -> list[int]:
    """Return the ids of a set just below an id, the highest first."""
    end = found.rank(min(before, HIGHEST_ID) - 1) if before > 0 else 0
    return list(found[max(end - limit, 0) : end])[::-1]


def selected_ids(rule: Rule, *, now: datetime, slice_count: int = 5_000) -> Iterator[list[int]]:
    """Yield the ids of all whom the rule selects, read at once, in slices in order of id."""
    found = selected_set(rule, now=now)
    for start in range(0, len(found), slice_count):
        yield list(found[start : start + slice_count])
