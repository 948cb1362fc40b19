"""SQL of the criterion on a contact field, standard column or typed JSON value."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from sincerely.apps.segments.rules.catalogue import CUSTOM, STANDARD_FIELDS
from sincerely.apps.segments.rules.criteria.fields import IN_DAYS, fold, kind_of
from sincerely.apps.segments.rules.criterion import Node
from sincerely.apps.segments.sql.algebra import Part, Where
from sincerely.apps.segments.sql.context import Context
from sincerely.apps.segments.sql.kept import Kept, name_of, with_value

Value = tuple[str, tuple[Any, ...]]


def compile_field(node: Node, context: Context) -> Part:
    """Return the condition of a field criterion."""
    kind = kind_of(node, context.catalogue)
    value = _value(node["field"], kind, is_postgresql=context.is_postgresql)
    test = node.get("test", "is")
    sql, params = value
    if test in ("known", "unknown"):
        return Where(
            f"{sql} IS {'' if test == 'unknown' else 'NOT '}NULL", params, kept=_kept(node, kind)
        )
    if test in ("is_true", "is_false"):
        return Where(
            f"{sql} = %s", (*params, test == "is_true"), is_total=False, kept=_kept(node, kind)
        )
    if test in IN_DAYS:
        return _in_days(test, value, node["days"], context=context)
    if kind in ("number", "date"):
        return _compared(test, value, node)
    text = _folded(value, is_postgresql=context.is_postgresql)
    found = TEXT_TESTS[test](text, node, context)
    return replace(found, kept=_kept(node, kind))


def _folded(value: Value, *, is_postgresql: bool) -> Value:
    """Return a text in the case in which texts are compared."""
    sql, params = value
    return (f'LOWER({sql} COLLATE "C")' if is_postgresql else f"LOWER({sql})"), params


def _kept(node: Node, kind: str) -> Kept | None:
    """Return of which stored sets, one per value, the test is made."""
    if kind in ("number", "date"):
        return None
    name, test = node["field"], node.get("test", "is")
    known = name_of("field", name)
    if test in ("known", "unknown"):
        everyone = name_of("everyone")
        return Kept((known,)) if test == "known" else Kept((everyone,), minus=(known,))
    if test in ("is_true", "is_false"):
        return Kept((with_value(name, test[3:]),), needs=(known,))
    if test in ("is", "is_not", "is_one_of", "is_none_of"):
        values = node["values"] if "one" in test else [node["value"]]
        those = tuple(with_value(name, fold(value)) for value in values)
        if test in ("is", "is_one_of"):
            return Kept(those, needs=(known,))
        return Kept((known,), minus=those, needs=(known,))
    return None


def facet(name: str, kind: str, *, is_postgresql: bool) -> Value:
    """Return an expression for the value under which a stored set of this field stands."""
    value = _value(name, kind, is_postgresql=is_postgresql)
    if kind == "boolean":
        sql, params = value
        return f"CASE WHEN {sql} THEN 'true' WHEN NOT {sql} THEN 'false' END", params * 2
    return _folded(value, is_postgresql=is_postgresql)


def _value(name: str, kind: str, *, is_postgresql: bool) -> Value:
    """Return an expression that is NULL where the value is unknown or has another type."""
    if name in STANDARD_FIELDS:
        return f"NULLIF(c.{name}, '')", ()
    key = name.removeprefix(CUSTOM)
    return _postgresql_value(key, kind) if is_postgresql else _sqlite_value(key, kind)


def _postgresql_value(key: str, kind: str) -> Value:
    stored = "string" if kind not in ("number", "boolean") else kind
    text = {
        "number": "(c.fields ->> %s)::double precision",
        "boolean": "(c.fields ->> %s)::boolean",
    }.get(kind, "NULLIF(c.fields ->> %s, '')")
    sql = f"CASE WHEN jsonb_typeof(c.fields -> %s) = '{stored}' THEN {text} END"
    if kind != "date":
        return f"({sql})", (key, key)
    shape = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
    dated = f"CASE WHEN c.fields ->> %s ~ '{shape}' THEN {sql} END"
    return f'(({dated}) COLLATE "C")', (key, key, key)


def _sqlite_value(key: str, kind: str) -> Value:
    path = f'$."{key}"'
    stored = {"number": "'integer', 'real'", "boolean": "'true', 'false'"}.get(kind, "'text'")
    sql = (
        f"CASE WHEN json_type(c.fields, %s) IN ({stored}) "
        "THEN NULLIF(json_extract(c.fields, %s), '') END"
    )
    if kind != "date":
        return f"({sql})", (path, path)
    shape = "-".join(["[0-9]" * 4, "[0-9]" * 2, "[0-9]" * 2])
    dated = f"CASE WHEN json_extract(c.fields, %s) GLOB '{shape}' THEN {sql} END"
    return f"({dated})", (path, path, path)


def _in_days(test: str, value: Value, days: int, *, context: Context) -> Where:
    today = context.moment.today
    past = (today - timedelta(days=days)).isoformat()
    sql, params = value
    if test == "more_than_days_ago":
        return Where(f"{sql} < %s", (*params, past), is_total=False)
    limits = (past, today.isoformat())
    if test == "in_next_days":
        limits = (today.isoformat(), (today + timedelta(days=days)).isoformat())
    return Where(f"{sql} BETWEEN %s AND %s", (*params, *limits), is_total=False)


SIGNS = {
    "is": "=",
    "is_not": "<>",
    "less_than": "<",
    "before": "<",
    "at_most": "<=",
    "more_than": ">",
    "after": ">",
    "at_least": ">=",
}


def _compared(test: str, value: Value, node: Node) -> Where:
    sql, params = value
    if test == "between":
        return Where(
            f"{sql} BETWEEN %s AND %s", (*params, node["value"], node["to"]), is_total=False
        )
    return Where(f"{sql} {SIGNS[test]} %s", (*params, node["value"]), is_total=False)


def _equal(value: Value, node: Node, _context: Context) -> Where:
    sign = "=" if node.get("test", "is") == "is" else "<>"
    return Where(f"{value[0]} {sign} %s", (*value[1], fold(node["value"])), is_total=False)


def _one_of(value: Value, node: Node, _context: Context) -> Where:
    options = tuple(map(fold, node["values"]))
    word = "IN" if node["test"] == "is_one_of" else "NOT IN"
    places = ", ".join(["%s"] * len(options))
    return Where(f"{value[0]} {word} ({places})", (*value[1], *options), is_total=False)


def _contains(value: Value, node: Node, context: Context) -> Where:
    name = "strpos" if context.is_postgresql else "instr"
    sign = ">" if node["test"] == "contains" else "="
    return Where(
        f"{name}({value[0]}, %s) {sign} 0", (*value[1], fold(node["value"])), is_total=False
    )


def _starts(value: Value, node: Node, _context: Context) -> Where:
    text = fold(node["value"])
    return Where(f"substr({value[0]}, 1, %s) = %s", (*value[1], len(text), text), is_total=False)


def _ends(value: Value, node: Node, context: Context) -> Where:
    text = fold(node["value"])
    if context.is_postgresql:
        return Where(f"right({value[0]}, %s) = %s", (*value[1], len(text), text), is_total=False)
    return Where(f"substr({value[0]}, %s) = %s", (*value[1], -len(text), text), is_total=False)


TEXT_TESTS: dict[str, Callable[[Value, Node, Context], Where]] = {
    "is": _equal,
    "is_not": _equal,
    "is_one_of": _one_of,
    "is_none_of": _one_of,
    "contains": _contains,
    "contains_not": _contains,
    "starts_with": _starts,
    "ends_with": _ends,
}
