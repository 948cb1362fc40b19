"""Reading a span of time by months: whole ones from stored sets, the ends from the index.

The ends are read first, then who is touched, then the sets. Somebody who changed months after the
ends were read is touched, and so is read anew; only if touches were taken in between could they
stand nowhere, so then all is read by the plain statement.
"""

# ruff: noqa: S608 -- the SQL is our own; every value is a parameter
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import cast

from django.db import connection
from pyroaring import BitMap

from sincerely.apps.segments.compile import leaf_among
from sincerely.apps.segments.models import StoredSet
from sincerely.apps.segments.queries.fetching import fetch_ids_of
from sincerely.apps.segments.queries.stored import ready_sets, waiting
from sincerely.apps.segments.query import ContactQuery
from sincerely.apps.segments.sql.algebra import Span, Where
from sincerely.apps.segments.sql.kept import TAKER, name_of
from sincerely.apps.segments.sql.months import MONTHS

# Below and above every month, as text.
FIRST, LAST = "", "~"


def by_months(part: Where) -> BitMap | None:
    """Return for whom a date of the rollup lies in a span; None where no months are stored."""
    span = part.span
    field = MONTHS.get(span.column.removeprefix("e.")) if span else None
    if span is None or field is None:
        return None
    turn = _turn()
    ends = [fetch_ids_of(_by_index(end)) for end in _ends(span)]
    touches = waiting([name_of("field", field)])
    whole = _whole_months(field, span)
    if touches is None or whole is None or _turn() != turn:
        return None
    found = BitMap.union(BitMap(), *ends, *whole)
    for ids in touches.values():
        found = (found - ids) | fetch_ids_of(leaf_among(part, ids.to_array()))
    return found


def _turn() -> int:
    """Return how often touches were taken."""
    rows = StoredSet.objects.filter(name=TAKER).values_list("turn", flat=True)
    return next(iter(rows), 0)


def _by_index(span: Span) -> ContactQuery:
    where = span.condition()
    sql = f"SELECT e.contact_id FROM engagement_contactengagement e WHERE {where.sql}"
    return ContactQuery(sql, where.params)


def _ends(span: Span) -> Iterator[Span]:
    """Yield what of a span is less than a month: at its beginning and at its end."""
    since, before = _month(span.since), _month(span.before)
    if since and since == before:
        yield span
        return
    if since:
        yield replace(span, before=_beginning_after(since))
    if before:
        yield replace(span, since=_beginning(before))


def _whole_months(field: str, span: Span) -> list[BitMap] | None:
    """Return the sets of the months that lie wholly in the span; None while they are not ready."""
    known = name_of("field", field)
    ready = StoredSet.objects.filter(state=StoredSet.State.READY, name__startswith=known)
    names = set(ready.values_list("name", flat=True))
    if known not in names:
        return None
    since, before = _month(span.since) or FIRST, _month(span.before) or LAST
    whole = [name for name in names if since < name.partition("=")[2] < before]
    return list(ready_sets(whole).values())


def _month(at: datetime | str | None) -> str:
    """Return the month of a time as the database compares it, '' for none."""
    if at is None:
        return ""
    return at[:7] if isinstance(at, str) else f"{at.astimezone(UTC):%Y-%m}"


def _beginning(month: str) -> datetime | str:
    at = datetime.strptime(month, "%Y-%m").replace(tzinfo=UTC)
    return cast("datetime | str", connection.ops.adapt_datetimefield_value(at))


def _beginning_after(month: str) -> datetime | str:
    year, number = int(month[:4]), int(month[5:])
    return _beginning(f"{year + number // 12:04}-{number % 12 + 1:02}")
