"""Reading by rule: how many, a few of them, which of a batch, and a page of members."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime

from django.db import connection

from sincerely.apps.contacts.models import Contact
from sincerely.apps.segments.compile import select, select_among
from sincerely.apps.segments.query import ContactQuery
from sincerely.apps.segments.rules.tree import Rule


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
    return count_query(select(rule, now=now))


def sample(rule: Rule, *, now: datetime, limit: int = 10) -> list[Contact]:
    """Return a few of the contacts whom the rule selects, in no particular order."""
    query = select(rule, now=now)
    limited = ContactQuery(
        f"SELECT contact_id FROM ({query.sql}) q LIMIT %s",  # noqa: S608 -- own SQL
        (*query.params, limit),
    )
    return list(Contact.objects.filter(pk__in=fetch_ids(limited)).order_by("pk"))


def matching(rule: Rule, contact_ids: Collection[int], *, now: datetime) -> set[int]:
    """Return which of these contacts the rule selects, by one statement; raises WrongRule."""
    if not contact_ids:
        return set()
    return set(fetch_ids(select_among(rule, contact_ids, now=now)))


def page_of(query: ContactQuery, *, after: int, limit: int) -> list[int]:
    """Return the next contact ids of a statement, in order of id."""
    return fetch_ids(
        ContactQuery(
            f"SELECT contact_id FROM ({query.sql}) q "  # noqa: S608 -- own SQL
            "WHERE contact_id > %s ORDER BY contact_id LIMIT %s",
            (*query.params, after, limit),
        )
    )


def selected_ids(rule: Rule, *, now: datetime, slice_count: int = 5_000) -> Iterator[list[int]]:
    """Yield the ids of all whom the rule selects, read at once, in slices in order of id."""
    ids = sorted(fetch_ids(select(rule, now=now)))
    for start in range(0, len(ids), slice_count):
        yield ids[start : start + slice_count]
