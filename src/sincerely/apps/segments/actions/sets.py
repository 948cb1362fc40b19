"""Building stored sets, and taking touches into them. Nothing here waits for another writer.

A set is announced, read and then stored; touches of an announced set stay until it is ready. A
taker reads touches before it looks which sets stand, computes beside everybody, and writes in one
short transaction, guarded by each set's turn: whoever comes second starts over. See
docs/decisions/0009-stored-sets.md for why nothing is missed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime, timedelta

from django.db import connection, transaction
from pyroaring import BitMap

from sincerely.apps.segments.compile import within
from sincerely.apps.segments.models import StoredSet
from sincerely.apps.segments.queries.facets import facet_fields, values_of
from sincerely.apps.segments.queries.stored import members_of, oldest_touches, stored_rows
from sincerely.apps.segments.sql.kept import TAKER, name_of, with_value
from sincerely.apps.segments.sql.sources import ROLLUP, SOURCES

READY, BUILDING, REFUSED = (
    StoredSet.State.READY,
    StoredSet.State.BUILDING,
    StoredSet.State.REFUSED,
)
# A builder that has not come to an end by then has died.
LONGEST_BUILD = timedelta(minutes=10)
SLICE = 10_000
MOST_VALUES, LONGEST_VALUE = 200, 200


class _Overtaken(Exception):
    """Another writer was here first."""


def build(source: str, key: int, *, now: datetime) -> bool:
    """Build the sets of a source's key; False where another process is at it."""
    names = SOURCES[source].names(key)
    turn = _announce(names, now=now)
    if turn is None:
        return False
    members = members_of(SOURCES[source], key)
    return _finish(dict(zip(names, members, strict=True)), turn=turn, now=now)


def build_field(field: str, *, now: datetime) -> bool:
    """Build the sets of a field's values, or note that it has too many."""
    name = name_of("field", field)
    turn = _announce([name], now=now)
    if turn is None:
        return False
    values = values_of(field, most=MOST_VALUES)
    if values is None or any(len(value) > LONGEST_VALUE for value in values):
        StoredSet.objects.filter(name=name, turn=turn).update(state=REFUSED, changed_at=now)
        return True
    sets = _facets(field, values)
    known = sets.pop(name)
    return _finish({name: known}, turn=turn, now=now, beside=sets)


def refuse_large(*, now: datetime) -> None:
    """Give up the fields that have come to have too many values since they were built."""
    for field in facet_fields():
        name = name_of("field", field)
        rows = stored_rows((), [field])
        if len(rows) > 2 * MOST_VALUES:
            with transaction.atomic():
                StoredSet.objects.filter(name=name).update(state=REFUSED, changed_at=now)
                StoredSet.objects.filter(name__in=[r.name for r in rows if r.name != name]).delete()


def _announce(names: Collection[str], *, now: datetime) -> int | None:
    """Announce sets and return the turn that is ours; None where somebody else builds them."""
    with transaction.atomic():
        rows = [StoredSet(name=name, changed_at=now) for name in names]
        there = {row.name: row for row in StoredSet.objects.filter(name__in=names)}
        if not there:
            made = StoredSet.objects.bulk_create(rows, ignore_conflicts=True)
            return made[0].turn
        turn = max(row.turn for row in there.values()) + 1
        old = StoredSet.objects.filter(name__in=names, changed_at__lt=now - LONGEST_BUILD)
        taken = old.exclude(state=READY).update(turn=turn, state=BUILDING, changed_at=now)
        return turn if taken == len(names) else None


def _finish(
    members: dict[str, BitMap],
    *,
    turn: int,
    now: datetime,
    beside: dict[str, BitMap] | None = None,
) -> bool:
    """Store what was read, if nobody took the work over meanwhile."""
    try:
        with transaction.atomic():
            for name, found in sorted(members.items()):
                _write(name, found, turn=turn, now=now)
            for name, found in sorted((beside or {}).items()):
                values = {"state": READY, "bitmap": found.serialize(), "changed_at": now}
                StoredSet.objects.update_or_create(name=name, defaults=values)
    except _Overtaken:
        return False
    return True


def _write(name: str, found: BitMap, *, turn: int, now: datetime) -> None:
    """Store a set if its turn is still this one; 0 for one that does not stand."""
    found.run_optimize()
    values = {"bitmap": found.serialize(), "turn": turn + 1, "state": READY, "changed_at": now}
    if turn == 0:
        StoredSet.objects.create(name=name, **values)
    elif not StoredSet.objects.filter(name=name, turn=turn).update(**values):
        raise _Overtaken


def take_touches(*, now: datetime, limit: int = SLICE) -> bool:
    """Take the oldest waiting touches into the sets; True when more wait."""
    turn = _taker_turn(now)
    touches, are_more = oldest_touches(limit)
    groups: dict[tuple[str, int], set[int]] = defaultdict(set)
    for _pk, source, key, contact_ids in touches:
        groups[source, key].update(contact_ids)
    changed = {group: _changed(*group, ids) for group, ids in groups.items()}
    done = [pk for pk, source, key, _ids in touches if changed[source, key] is not None]
    changes = {name: row for found in changed.values() for name, row in (found or {}).items()}
    if not done:
        return False
    try:
        with transaction.atomic():
            _take_turn(turn, now)
            for name, (place, found) in sorted(changes.items()):
                _write(name, found, turn=place, now=now)
            _forget(done)
    except _Overtaken:
        return True
    return are_more


def _taker_turn(now: datetime) -> int:
    """Return the turn of those who take touches; it is read before the touches are."""
    first = {"state": REFUSED, "changed_at": now}
    return StoredSet.objects.get_or_create(name=TAKER, defaults=first)[0].turn


def _take_turn(turn: int, now: datetime) -> None:
    taker = StoredSet.objects.filter(name=TAKER, turn=turn)
    if not taker.update(turn=turn + 1, changed_at=now):
        raise _Overtaken


Changes = dict[str, tuple[int, BitMap]]


def _changed(source: str, key: int, ids: set[int]) -> Changes | None:
    """Return the sets that change with these touches; None while one of them is being built.

    A set that does not stand yet (a field's new value) has the turn 0.
    """
    names = () if source == ROLLUP else SOURCES[source].names(key)
    fields = facet_fields(source)
    rows = {row.name: row for row in stored_rows(names, fields)}
    if any(row.state == BUILDING for row in rows.values()):
        return None
    fresh: dict[str, BitMap] = {}
    if any(name in rows for name in names):
        fresh |= zip(names, members_of(SOURCES[source], key, among=ids), strict=True)
    for field in fields:
        known = rows.get(name_of("field", field))
        if known is not None and known.state == READY:
            fresh |= _facets(field, values_of(field, among=ids) or {})
    gone = BitMap(ids)
    changes = {name: (0, found) for name, found in fresh.items() if name not in rows and found}
    for name, row in rows.items():
        before = BitMap.deserialize(bytes(row.bitmap)) if row.state == READY else BitMap()
        after = (before - gone) | fresh.get(name, BitMap())
        if row.state == READY and after != before:
            changes[name] = (row.turn, after)
    return changes


def _facets(field: str, values: dict[str, BitMap]) -> dict[str, BitMap]:
    known = {name_of("field", field): BitMap.union(BitMap(), *values.values())}
    short = {value: found for value, found in values.items() if len(value) <= LONGEST_VALUE}
    return known | {with_value(field, value): found for value, found in short.items()}


def _forget(touch_ids: list[int]) -> None:
    inside, ids = within("id", touch_ids)
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM segments_touch WHERE {inside}", ids)  # noqa: S608
