"""Reading rules by stored sets, and by SQL where none is stored: the same contacts, sooner.

A stored set is exact for everybody without a waiting touch. So whoever is touched is taken out of
it and read by the criterion's own statement, among those ids only. What has no stored set is read
by its statement, over all contacts, or among the few that are left.
"""

# ruff: noqa: S608 -- the SQL is our own; every value is a parameter
from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import connection
from pyroaring import BitMap

from sincerely.apps.segments.compile import leaf_among, part_of, statement_of
from sincerely.apps.segments.queries.fetching import fetch_ids_of
from sincerely.apps.segments.queries.spans import by_months
from sincerely.apps.segments.queries.stored import ready_sets, waiting
from sincerely.apps.segments.query import ContactQuery
from sincerely.apps.segments.rules import Catalogue
from sincerely.apps.segments.rules.moment import Moment
from sincerely.apps.segments.rules.tree import Rule
from sincerely.apps.segments.sql.algebra import EVERYBODY, All, Not, OneOf, Part, SetOf, Where
from sincerely.apps.segments.sql.kept import Kept, name_of
from sincerely.apps.segments.sql.sources import SourceKey, touched_by
from sincerely.apps.segments.surroundings import catalogue_of, moment_at

# So many are read faster among themselves than by a statement over everybody.
FEW = 10_000
EVERYONE = name_of("everyone")


def selected_set(rule: Rule, *, now: datetime) -> BitMap:
    """Return the ids of all whom the rule selects; raises WrongRule."""
    return Reading(moment_at(now), catalogue_of(rule)).select(rule)


class _NotStored(Exception):
    """What the algebra needs is not there: the plain statement must answer."""


@dataclass(slots=True)
class Reading:
    """One reading of some rules at a moment; each stored set and criterion is read once."""

    moment: Moment
    catalogue: Catalogue
    sets: dict[str, BitMap] = field(default_factory=dict)
    asked: set[str] = field(default_factory=set)
    touched: dict[SourceKey, BitMap] = field(default_factory=dict)
    found: dict[Part, BitMap] = field(default_factory=dict)

    def select(self, rule: Rule) -> BitMap:
        """Return the ids of all whom the rule selects; raises WrongRule."""
        part = part_of(rule, moment=self.moment, catalogue=self.catalogue)
        self._load({EVERYONE, *_names(part)})
        if not self.sets:
            return _by_statement(part)
        try:
            return self._of(part)
        except _NotStored:
            return _by_statement(part)

    def _load(self, names: set[str]) -> None:
        """Read who is touched, then the sets: a touch that goes in between is in both."""
        new = names - self.asked
        self.asked |= new
        touches = waiting(new)
        if touches is not None:
            self.touched |= touches
            self.sets |= ready_sets(new)

    def _of(self, part: Part) -> BitMap:
        if part not in self.found:
            self.found[part] = self._read(part)
        return self.found[part]

    def _read(self, part: Part) -> BitMap:
        if isinstance(part, Not):
            return self._of(EVERYBODY) - self._of(part.part)
        if isinstance(part, All):
            return self._all(part.parts)
        if isinstance(part, OneOf):
            return BitMap.union(*map(self._of, part.parts))
        if self._is_kept(part):
            return self._kept(part)
        if part == EVERYBODY:
            raise _NotStored
        found = by_months(part) if isinstance(part, Where) and part.span else None
        return _by_statement(part) if found is None else found

    def _is_kept(self, part: Part) -> bool:
        """Say whether the part is made of stored sets alone."""
        if isinstance(part, Not):
            return self._is_kept(part.part)
        if isinstance(part, All | OneOf):
            return all(map(self._is_kept, part.parts))
        return part.kept is not None and all(name in self.sets for name in part.kept.needed)

    def _kept(self, leaf: SetOf | Where) -> BitMap:
        """Return a leaf by its stored sets; who is touched is read by its statement."""
        if leaf.kept is None:
            raise _NotStored
        found = self._union(leaf.kept.plus)
        if leaf.kept.minus:
            found = found - self._union(leaf.kept.minus)
        touches = [self.touched[key] for key in _sources(leaf.kept) if key in self.touched]
        if touches:
            ids = BitMap.union(*touches)
            found = (found - ids) | fetch_ids_of(leaf_among(leaf, ids.to_array()))
        return found

    def _union(self, names: Sequence[str]) -> BitMap:
        sets = [self.sets[name] for name in names if name in self.sets]
        return sets[0] if len(sets) == 1 else BitMap.union(BitMap(), *sets)

    def _all(self, parts: Sequence[Part]) -> BitMap:
        """Intersect stored sets first, then what has to be read, the smallest first."""
        ordered = sorted(parts, key=lambda part: (not self._is_kept(part), _size(part)))
        left: BitMap | None = None
        for place, part in enumerate(ordered):
            if left is not None and len(left) <= FEW and not self._is_kept(part):
                return _among(All(tuple(ordered[place:])), left)
            if left is None:
                left = self._of(part)
            elif isinstance(part, Not):
                left = left - self._of(part.part)
            else:
                left = left & self._of(part)
        return BitMap() if left is None else left


def _size(part: Part) -> int:
    """Order what is not stored: indexed sets, dates of the rollup, groups, then whole scans."""
    if isinstance(part, Not):
        return max(_size(part.part), 6)
    if isinstance(part, SetOf):
        return part.size
    return 7 if isinstance(part, Where) and part.is_of_rollup else 8


def _names(part: Part) -> Iterator[str]:
    if isinstance(part, Not):
        yield from _names(part.part)
    elif isinstance(part, All | OneOf):
        for inner in part.parts:
            yield from _names(inner)
    elif part.kept is not None:
        yield from part.kept.names


def _sources(kept: Kept) -> set[SourceKey]:
    return {place for name in kept.names for place in touched_by(name)}


def _by_statement(part: Part) -> BitMap:
    if not (isinstance(part, Where) and part.is_of_rollup):
        return fetch_ids_of(statement_of(part))
    sql = f"SELECT e.contact_id FROM engagement_contactengagement e WHERE {part.sql}"
    if connection.vendor == "postgresql":
        # Always true, and in no index: after a fold, reading the index alone would look up the
        # rows of every changed page one by one, at twice the time of reading the table.
        sql += " AND e.sent_count >= 0"
    return fetch_ids_of(ContactQuery(sql, part.params))


def _among(part: Part, ids: BitMap) -> BitMap:
    """Return for which of some contacts a part holds, each criterion by its own statement."""
    if isinstance(part, Not):
        return ids - _among(part.part, ids)
    if isinstance(part, OneOf):
        return BitMap.union(*(_among(inner, ids) for inner in part.parts))
    if isinstance(part, All):
        for inner in part.parts:
            ids = _among(inner, ids)
        return ids
    return fetch_ids_of(leaf_among(part, ids.to_array())) if ids else ids
