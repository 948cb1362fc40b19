"""What is wrong with a rule, and where. A wrong rule is refused; it never selects everybody."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sincerely.apps.segments.rules.catalogue import Catalogue
from sincerely.apps.segments.rules.criterion import CRITERIA, Criterion, Param
from sincerely.apps.segments.rules.marking import gettext_noop
from sincerely.apps.segments.rules.tree import (
    DEPTH_LIMIT,
    NODE_LIMIT,
    Rule,
    group_of,
    is_everyone,
    join_path,
)

_ = gettext_noop
TEXT_LIMIT = 200
TEXTS_LIMIT = 100


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong at a place: `template` can be translated, `values` fill it."""

    path: str
    template: str
    values: dict[str, str] = field(default_factory=dict)

    @property
    def message(self) -> str:
        """The problem in English."""
        return self.template.format(**self.values)


class WrongRule(ValueError):
    """Raised instead of selecting anybody by a wrong rule."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("; ".join(f"{p.path or 'rule'}: {p.message}" for p in problems))
        self.problems = problems


def check(rule: object, catalogue: Catalogue) -> list[Problem]:
    """Return what is wrong with a rule by itself, each with its place; an empty list is good."""
    problems: list[Problem] = []
    for count, (path, depth, node) in enumerate(_walk(rule, "", 1), start=1):
        if count > NODE_LIMIT or depth > DEPTH_LIMIT:
            return [
                *problems,
                Problem(
                    path,
                    _("The rule is too large: at most {depth} levels and {count} parts."),
                    {"depth": str(DEPTH_LIMIT), "count": str(NODE_LIMIT)},
                ),
            ]
        problems += _check_node(path, node, catalogue)
    return problems


def _walk(node: object, path: str, depth: int) -> Iterator[tuple[str, int, object]]:
    yield path, depth, node
    kind = group_of(node)
    if depth > DEPTH_LIMIT or kind is None or not isinstance(node, dict):
        return
    children = node[kind]
    for index, child in enumerate(children if isinstance(children, list) else []):
        yield from _walk(child, join_path(path, index), depth + 1)


def _check_node(path: str, node: object, catalogue: Catalogue) -> list[Problem]:
    if not isinstance(node, dict):
        return [Problem(path, _("This is not a rule."))]
    if is_everyone(node):
        return []
    kind = group_of(node)
    if kind is not None:
        return _check_group(path, node, kind)
    criterion = CRITERIA.get(str(node.get("criterion")))
    if criterion is None:
        return [
            Problem(
                path,
                _("There is no criterion '{criterion}'."),
                {"criterion": str(node.get("criterion", ""))[:60]},
            )
        ]
    return list(_check_criterion(path, node, criterion, catalogue=catalogue))


def _check_group(path: str, node: Rule, kind: str) -> list[Problem]:
    if set(node) != {kind}:
        return [Problem(path, _("A group is one of 'all', 'any' and 'none', and nothing else."))]
    if not isinstance(node[kind], list):
        return [Problem(path, _("A group holds a list of rules."))]
    if not node[kind]:
        return [
            Problem(
                path, _("This group is empty: it selects nobody. Add a criterion, or remove it.")
            )
        ]
    return []


def _check_criterion(
    path: str, node: Rule, criterion: Criterion, *, catalogue: Catalogue
) -> Iterator[Problem]:
    shown = [param for param in criterion.params if param.is_shown(node, catalogue)]
    for key in sorted(set(node) - {"criterion"} - {param.key for param in shown}, key=str):
        yield Problem(path, _("'{key}' does not belong here."), {"key": str(key)[:60]})
    found = False
    for param in shown:
        for template, values in _check_param(node, param, catalogue):
            found = True
            yield Problem(path, template, values)
    if not found:
        for template, values in criterion.problems(node, catalogue):
            yield Problem(path, template, values)


Found = list[tuple[str, dict[str, str]]]


def _check_param(node: Rule, param: Param, catalogue: Catalogue) -> Found:
    value = node.get(param.key)
    offered = [option for option, _caption in param.offered(param.options, node, catalogue)]
    if value is None or value in ("", []):
        if param.is_optional or (param.default is not None and _fits(param, offered)):
            return []
        return [(_("Something is still missing: {key}."), {"key": param.key})]
    if param.kind in ("label", "list", "segment", "type", "mailing"):
        return _check_row(param.kind, value, catalogue)
    if param.kind == "choice":
        return [] if value in offered else _wrong(param, value)
    return CHECKS[param.kind](param, value, catalogue)


def _fits(param: Param, offered: list[str]) -> bool:
    return param.kind != "choice" or param.default in offered


GONE = {
    "label": _("The label with number {number} no longer exists."),
    "list": _("The list with number {number} no longer exists."),
    "segment": _("The segment with number {number} no longer exists."),
    "type": _("The subscription type with number {number} no longer exists."),
    "mailing": _("The mailing with number {number} no longer exists."),
    "link": _("The link with number {number} no longer exists."),
}


def _check_row(kind: str, value: object, catalogue: Catalogue) -> Found:
    if isinstance(value, int) and not isinstance(value, bool) and value in catalogue.rows(kind):
        return []
    return [(GONE[kind], {"number": str(value)[:60]})]


def _wrong(param: Param, value: object) -> Found:
    return [(_("'{value}' cannot stand at '{key}'."), {"value": str(value)[:60], "key": param.key})]


def _check_number(param: Param, value: Any, _catalogue: Catalogue) -> Found:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return _wrong(param, value)
    if param.kind == "integer" and not isinstance(value, int):
        return _wrong(param, value)
    low, high = param.low, param.high
    if (low is not None and value < low) or (high is not None and value > high):
        return _wrong(param, value)
    return [] if abs(value) <= 2**53 else _wrong(param, value)


def is_text(value: object) -> bool:
    """Say whether this may stand as text in a rule."""
    return (
        isinstance(value, str)
        and 0 < len(value) <= TEXT_LIMIT
        and not any(sign in value for sign in "\x00\r\n")
    )


def _check_text(param: Param, value: object, _catalogue: Catalogue) -> Found:
    return [] if is_text(value) else _wrong(param, value)


def _check_texts(param: Param, value: object, _catalogue: Catalogue) -> Found:
    good = isinstance(value, list) and len(value) <= TEXTS_LIMIT and all(map(is_text, value))
    return [] if good else _wrong(param, value)


def _check_boolean(param: Param, value: object, _catalogue: Catalogue) -> Found:
    return [] if isinstance(value, bool) else _wrong(param, value)


def _check_date(param: Param, value: object, _catalogue: Catalogue) -> Found:
    try:
        good = isinstance(value, str) and date.fromisoformat(value).isoformat() == value
    except ValueError:
        good = False
    return [] if good else _wrong(param, value)


def _check_field(param: Param, value: object, catalogue: Catalogue) -> Found:
    if not isinstance(value, str):
        return _wrong(param, value)
    if catalogue.field_entry(value) is None:
        return [(_("The field '{name}' no longer exists."), {"name": value[:60]})]
    return []


def _check_links(param: Param, value: object, catalogue: Catalogue) -> Found:
    if not isinstance(value, list) or len(value) > TEXTS_LIMIT:
        return _wrong(param, value)
    return [found for link in value for found in _check_row("link", link, catalogue)]


CHECKS: dict[str, Callable[[Param, Any, Catalogue], Found]] = {
    "integer": _check_number,
    "number": _check_number,
    "text": _check_text,
    "texts": _check_texts,
    "boolean": _check_boolean,
    "date": _check_date,
    "field": _check_field,
    "links": _check_links,
}
