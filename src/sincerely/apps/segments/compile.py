"""From a rule to one statement: the SQL reading that every audience, block and export uses."""

# ruff: noqa: S608 -- the SQL is our own; every value is a parameter
from __future__ import annotations

import json
from collections.abc import Collection
from datetime import datetime, tzinfo
from typing import Any

from django.db import connection

from sincerely.apps.segments.query import ContactQuery
from sincerely.apps.segments.registry import COMPILERS
from sincerely.apps.segments.rules import Catalogue, WrongRule, expand
from sincerely.apps.segments.rules.moment import Moment
from sincerely.apps.segments.rules.tree import Rule, children_of, group_of, is_everyone
from sincerely.apps.segments.sql.algebra import (
    BATCH,
    EVERYBODY,
    All,
    Not,
    OneOf,
    Part,
    SetOf,
    Statement,
    Where,
    simplified,
)
from sincerely.apps.segments.sql.context import Context
from sincerely.apps.segments.surroundings import catalogue_of, moment_at

__all__ = ["WrongRule", "compiled", "select", "select_among"]


def select(rule: Rule, *, now: datetime, zone: tzinfo | None = None) -> ContactQuery:
    """Return the statement that yields the contacts whom the rule selects, each once.

    `zone` is the account's time zone if not given. Raises WrongRule; it never selects everybody
    unless the rule says `everyone`.
    """
    return compiled(rule, moment=moment_at(now, zone), catalogue=catalogue_of(rule))


def select_among(
    rule: Rule, contact_ids: Collection[int], *, now: datetime, zone: tzinfo | None = None
) -> ContactQuery:
    """Return the statement that yields those of a batch of contacts whom the rule selects."""
    return compiled(
        rule, moment=moment_at(now, zone), catalogue=catalogue_of(rule), among=contact_ids
    )


def compiled(
    rule: Rule,
    *,
    moment: Moment,
    catalogue: Catalogue,
    among: Collection[int] | None = None,
) -> ContactQuery:
    """Return the statement of a rule at a moment, for all contacts or a batch; raises WrongRule."""
    part = part_of(rule, moment=moment, catalogue=catalogue)
    return statement_of(part, among=among)


def part_of(rule: Rule, *, moment: Moment, catalogue: Catalogue) -> Part:
    """Return the sets and conditions of which a rule is made; raises WrongRule."""
    return simplified(_part(expand(rule, catalogue), Context(moment, catalogue)))


def statement_of(part: Part, *, among: Collection[int] | None = None) -> ContactQuery:
    """Return the statement for those for whom a part holds, of all contacts or among some."""
    batch = None if among is None else batch_of(among)
    return Statement(is_postgresql=connection.vendor == "postgresql", batch=batch).write(part)


def batch_of(contact_ids: Collection[int]) -> ContactQuery:
    """Return the statement that yields these ids, by one parameter."""
    if connection.vendor == "postgresql":
        return ContactQuery("SELECT UNNEST(%s::bigint[]) AS contact_id", (list(contact_ids),))
    return ContactQuery(
        "SELECT value AS contact_id FROM json_each(%s)", (json.dumps(list(contact_ids)),)
    )


def within(column: str, contact_ids: Collection[int]) -> tuple[str, tuple[Any, ...]]:
    """Return the condition that a column is one of many ids."""
    if connection.vendor == "postgresql":
        return f"{column} = ANY(%s::bigint[])", (list(contact_ids),)
    return f"{column} IN (SELECT value FROM json_each(%s))", (json.dumps(list(contact_ids)),)


def leaf_among(leaf: SetOf | Where, contact_ids: Collection[int]) -> ContactQuery:
    """Return the statement for those among some contacts who are in a set or meet a condition.

    One leaf at a time: of a whole rule over a list of ids PostgreSQL may make nested loops.
    """
    if isinstance(leaf, SetOf):
        inside, ids = within("contact_id", contact_ids)
        before, after = leaf.sql.split(BATCH)  # a set marks one place
        count = before.count("%s")
        params = (*leaf.params[:count], *ids, *leaf.params[count:])
        return ContactQuery(f"{before} AND {inside} {after}", params)
    if leaf.is_of_rollup:
        return _of_rollups_among(leaf, contact_ids)
    inside, ids = within("c.id", contact_ids)
    rollup = "LEFT JOIN engagement_contactengagement e ON e.contact_id = c.id"
    joined = rollup if "e" in leaf.aliases else ""
    sql = f"SELECT c.id FROM contacts_contact c {joined} WHERE ({leaf.sql}) AND {inside}"
    return ContactQuery(sql, (*leaf.params, *ids))


def _of_rollups_among(leaf: Where, contact_ids: Collection[int]) -> ContactQuery:
    """Read these rollups by their keys.

    Joined with the contacts, PostgreSQL reads both tables whole; by a bare condition on a date it
    goes through that date's index.
    """
    inside, ids = within("e.contact_id", contact_ids)
    condition = f"COALESCE(({leaf.sql}), FALSE) AND {inside}"
    sql = f"SELECT e.contact_id FROM engagement_contactengagement e WHERE {condition}"
    return ContactQuery(sql, (*leaf.params, *ids))


def _part(node: Rule, context: Context) -> Part:
    if is_everyone(node):
        return EVERYBODY
    kind = group_of(node)
    if kind is None:
        return COMPILERS[node["criterion"]](node, context)
    parts = tuple(_part(child, context) for child in children_of(node))
    if kind == "all":
        return All(parts)
    return OneOf(parts) if kind == "any" else Not(OneOf(parts))
