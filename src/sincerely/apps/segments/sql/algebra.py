"""Sets of contacts and conditions on one, composed to a fast statement for both databases.

A criterion becomes either a set (`SetOf`: a subselect over an indexed table, each contact once) or
a condition on the contact's own rows (`Where`: aliases `c` for the contact, `e` for its rollup).
Where the root asks for a set, that set drives the statement and the contacts table is not read
unless a condition needs it. SQLite tests the other sets by IN, PostgreSQL by hash joins: its
hashed IN gives up beyond work_mem and would probe row by row.
"""

# ruff: noqa: S608 -- the SQL is our own; every value is a parameter
from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from sincerely.apps.segments.query import ContactQuery
from sincerely.apps.segments.sql.kept import Kept, name_of

BATCH = "/*batch*/"
IN_BATCH = "AND contact_id IN (SELECT contact_id FROM batch)"
Params = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class SetOf:
    """A subselect of contact ids, each once; `BATCH` marks where a batch of ids narrows it.

    `size` orders sets by how many contacts they may hold, smallest first. `kept` says of which
    stored sets it is made, where it is.
    """

    sql: str
    params: Params = ()
    size: int = 5
    kept: Kept | None = None


@dataclass(frozen=True, slots=True)
class Span:
    """From a time (or any) until before a time (or any), as the database compares times."""

    column: str
    since: Any = None
    before: Any = None

    def condition(self) -> Where:
        """Return the condition that the date is known and lies in the span."""
        tests, params = [f"{self.column} IS NOT NULL"], []
        for sign, limit in ((">=", self.since), ("<", self.before)):
            if limit is not None:
                tests.append(f"{self.column} {sign} %s")
                params.append(limit)
        return Where(" AND ".join(tests), tuple(params), aliases="e", is_of_rollup=True, span=self)


@dataclass(frozen=True, slots=True)
class Where:
    """A condition; `aliases` are the tables it reads. `is_total` promises that it is never NULL.

    `is_of_rollup` promises that it holds only where there is a rollup; `span` is given where it
    is that a date of the rollup is known and lies in a span.
    """

    sql: str
    params: Params = ()
    aliases: str = "c"
    is_total: bool = True
    kept: Kept | None = None
    is_of_rollup: bool = False
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class All:
    """Every part holds."""

    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class OneOf:
    """At least one part holds."""

    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not hold; unknown counts as not."""

    part: Part


Part = SetOf | Where | All | OneOf | Not
EVERYBODY = Where("1 = 1", aliases="", kept=Kept((name_of("everyone"),)))


def simplified(part: Part) -> Part:
    """Return an equal part: nested groups flattened, what all branches share taken out."""
    if isinstance(part, Not):
        inner = simplified(part.part)
        return inner.part if isinstance(inner, Not) and _is_total(inner.part) else Not(inner)
    if isinstance(part, All):
        return _group(All, _flat(All, part.parts))
    if isinstance(part, OneOf):
        branches = _joined(_flat(OneOf, part.parts))
        return _factored(branches) if len(branches) > 1 else branches[0]
    return part


def _is_total(part: Part) -> bool:
    return isinstance(part, SetOf) or (isinstance(part, Where) and part.is_total)


def _joined(parts: tuple[Part, ...]) -> tuple[Part, ...]:
    """Turn 'before a time, or unknown' into 'not since that time', which is one range."""
    spans = {part.span: part for part in parts if isinstance(part, Where) and part.span}
    found = list(parts)
    for span, part in spans.items():
        unknown = Not(Span(span.column).condition())
        if span.since is None and span.before is not None and unknown in found:
            found.remove(unknown)
            place = found.index(part)
            found[place] = Not(Span(span.column, since=span.before).condition())
    return tuple(found)


def _flat(kind: type[All | OneOf], parts: tuple[Part, ...]) -> tuple[Part, ...]:
    found: list[Part] = []
    for part in map(simplified, parts):
        found += part.parts if isinstance(part, kind) else (part,)
    return tuple(dict.fromkeys(found))


def _group(kind: type[All | OneOf], parts: tuple[Part, ...]) -> Part:
    return parts[0] if len(parts) == 1 else kind(parts)


def _factored(branches: tuple[Part, ...]) -> Part:
    """Turn (A and B) or (A and C) into A and (B or C), so that A may drive."""
    demands = [branch.parts if isinstance(branch, All) else (branch,) for branch in branches]
    shared = tuple(part for part in demands[0] if all(part in demand for demand in demands))
    if not shared:
        return OneOf(branches)
    rests = [tuple(part for part in demand if part not in shared) for demand in demands]
    if not all(rests):
        return _group(All, shared)
    alternatives = _joined(tuple(_group(All, rest) for rest in rests))
    return All((*shared, _group(OneOf, alternatives)))


@dataclass(slots=True)
class Statement:
    """Writes one statement from a part; one instance per statement."""

    is_postgresql: bool
    batch: ContactQuery | None = None
    joins: list[str] = field(default_factory=list)
    join_params: list[Any] = field(default_factory=list)
    joined: dict[SetOf, str] = field(default_factory=dict)
    aliases: set[str] = field(default_factory=set)
    contact_id: str = "c.id"

    def write(self, part: Part) -> ContactQuery:
        """Return the statement that selects the contacts for whom the part holds."""
        rest, driver = (part, None) if self.batch else _driver(part)
        source, source_params = "contacts_contact c", []
        if driver is not None:
            self.contact_id = "d.contact_id"
            source = f"({driver.sql.replace(BATCH, '')}) d"
            source_params = list(driver.params)
        where_params: list[Any] = []
        where = self._condition(rest, where_params)
        sql = [f"SELECT {self.contact_id} AS contact_id FROM {source}"]
        if driver is not None and "c" in self.aliases:
            sql.append(f"JOIN contacts_contact c ON c.id = {self.contact_id}")
        if "e" in self.aliases:
            sql.append(
                f"LEFT JOIN engagement_contactengagement e ON e.contact_id = {self.contact_id}"
            )
        sql += [*self.joins, f"WHERE {where}"]
        if self.batch is None:
            params = (*source_params, *self.join_params, *where_params)
            return ContactQuery(" ".join(sql), params)
        sql.insert(0, f"WITH batch AS ({self.batch.sql})")
        sql.append("AND c.id IN (SELECT contact_id FROM batch)")
        return ContactQuery(" ".join(sql), (*self.batch.params, *self.join_params, *where_params))

    def _condition(self, part: Part, params: list[Any]) -> str:
        if isinstance(part, Where):
            self.aliases.update(part.aliases)
            params += part.params
            return f"({part.sql})"
        if isinstance(part, SetOf):
            return self._membership(part, params, is_negated=False)
        if isinstance(part, Not):
            return self._negation(part.part, params)
        word = " AND " if isinstance(part, All) else " OR "
        parts = sorted(part.parts, key=_cost)
        return f"({word.join([self._condition(inner, params) for inner in parts])})"

    def _negation(self, part: Part, params: list[Any]) -> str:
        if isinstance(part, SetOf):
            return self._membership(part, params, is_negated=True)
        condition = self._condition(part, params)
        if isinstance(part, Where) and part.is_total:
            return f"(NOT {condition})"
        return f"(NOT COALESCE({condition}, FALSE))"

    def _membership(self, part: SetOf, params: list[Any], *, is_negated: bool) -> str:
        sql = part.sql.replace(BATCH, IN_BATCH if self.batch else "")
        if not self.is_postgresql:
            params += part.params
            return f"({self.contact_id} {'NOT ' if is_negated else ''}IN ({sql}))"
        if part not in self.joined:
            alias = self.joined[part] = f"s{len(self.joined)}"
            self.joins.append(
                f"LEFT JOIN ({sql}) {alias} ON {alias}.contact_id = {self.contact_id}"
            )
            self.join_params += part.params
        return f"({self.joined[part]}.contact_id IS {'' if is_negated else 'NOT '}NULL)"


def _cost(part: Part) -> int:
    """Order conditions: a column, a set, a group, and JSON last, for it is parsed row by row."""
    if isinstance(part, Where):
        return 3 if "json" in part.sql or "c.fields" in part.sql else 0
    if isinstance(part, SetOf):
        return 1
    if isinstance(part, Not):
        return _cost(part.part)
    return max(2, *(_cost(inner) for inner in part.parts))


def _driver(part: Part) -> tuple[Part, SetOf | None]:
    """Split off the smallest set that everybody selected must be in, if there is one."""
    if isinstance(part, SetOf):
        return EVERYBODY, part
    if not isinstance(part, All):
        return part, None
    sets = [inner for inner in part.parts if isinstance(inner, SetOf)]
    if not sets:
        return part, None
    driver = min(sets, key=lambda found: found.size)
    rest = tuple(inner for inner in part.parts if inner is not driver)
    return replace(part, parts=rest), driver
