"""Reading rules by stored sets, and by SQL where none is stored: the same contacts, sooner.

A stored set is exact for everybody without a waiting touch. So whoever is touched is taken out of
the algebra's answer and read by the rule's own statement, among those ids only. What has no stored
set is read by its statement, over all contacts, or among the few that are left.
"""

# ruff: noqa: S608 -- the SQL is our own; every value is a parameter
from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from pyroaring import BitMap

from sincerely.apps.segments.compile import part_of, statement_of
from sincerely.apps.segments.queries.fetching import fetch_ids_of
from sincerely.apps.segments.queries.stored import ready_sets, touched
from sincerely.apps.segments.query import ContactQuery
from sincerely.apps.segments.rules import Catalogue
from sincerely.apps.segments.rules.evaluating import Moment
from sincerely.apps.segments.rules.tree import Rule
from sincerely.apps.segments.sql.algebra import EVERYBODY, All, Not, OneOf, Part, SetOf, Where
from sincerely.apps.segments.sql.kept import name_of
from sincerely.apps.segments.surroundings import catalogue_of, moment_at

# So many are read faster among themselves than by a statement over everybody.
FEW = 2_000
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
    touched: BitMap | None = field(default_factory=BitMap)
    found: dict[Part, BitMap] = field(default_factory=dict)

    def select(self, rule: Rule) -> BitMap:
        """Return the ids of all whom the rule selects; raises WrongRule."""
        part = part_of(rule, moment=self.moment, catalogue=self.catalogue)
        self._load({EVERYONE, *_names(part)})
        if not self.sets or self.touched is None:
            return _by_statement(part)
        try:
            found = self._of(part)
        except _NotStored:
            return _by_statement(part)
        if self.touched:
            found = (found - self.touched) | _among(part, self.touched)
        return found

    def _load(self, names: set[str]) -> None:
        """Read who is touched, then the sets: a touch that goes in between is in both."""
        new = names - self.asked
        if not new or self.touched is None:
            return
        self.asked |= new
        more = touched(new)
        self.touched = None if more is None else self.touched | more
        self.sets |= ready_sets(new)

    def _of(self, part: Part) -> BitMap:
        if part not in self.found:
            self.found[part] = self._read(part)
        return self.found[part]

    def _read(self, part: Part) -> BitMap:
        if isinstance(part, Not):
            return self._everyone() - self._of(part.part)
        if isinstance(part, All):
            return self._all(part.parts)
        if isinstance(part, OneOf):
            return BitMap.union(*map(self._of, part.parts))
        if part == EVERYBODY:
            return self._everyone()
        return self._kept(part) if self._is_kept(part) else _by_statement(part)

    def _everyone(self) -> BitMap:
        if EVERYONE not in self.sets:
            raise _NotStored
        return self.sets[EVERYONE]

    def _is_kept(self, part: Part) -> bool:
        """Say whether the part is made of stored sets alone."""
        if isinstance(part, Not):
            return self._is_kept(part.part)
        if isinstance(part, All | OneOf):
            return all(map(self._is_kept, part.parts))
        return part == EVERYBODY or (
            part.kept is not None and all(name in self.sets for name in part.kept.needed)
        )

    def _kept(self, part: SetOf | Where) -> BitMap:
        if part.kept is None:
            raise _NotStored
        found = self._union(part.kept.plus)
        return found - self._union(part.kept.minus) if part.kept.minus else found

    def _union(self, names: Sequence[str]) -> BitMap:
        sets = [self.sets[name] for name in names if name in self.sets]
        return sets[0] if len(sets) == 1 else BitMap.union(*sets) if sets else BitMap()

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
        yield from (*part.kept.plus, *part.kept.minus, *part.kept.needs)


def _by_statement(part: Part) -> BitMap:
    if isinstance(part, Where) and part.is_of_rollup:
        query = ContactQuery(
            f"SELECT e.contact_id FROM engagement_contactengagement e WHERE {part.sql}", part.params
        )
    else:
        query = statement_of(part)
    return fetch_ids_of(query)


def _among(part: Part, contact_ids: BitMap) -> BitMap:
    return fetch_ids_of(statement_of(part, among=contact_ids.to_array()))
