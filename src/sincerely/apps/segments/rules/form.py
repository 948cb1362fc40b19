"""The form reading: a rule as flat form fields and back, without loss.

Field names carry the path: `rule` for the root, `rule.0.2` for a part; `.node` says what stands
there (a group's kind, `everyone` or `criterion`), `.size` how many parts a group has, `.criterion`
its kind, `.was` what it was when the page was made, and `.<parameter>` each value.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from sincerely.apps.segments.rules.catalogue import Catalogue
from sincerely.apps.segments.rules.criterion import CRITERIA, Criterion, Param
from sincerely.apps.segments.rules.editing import new_criterion
from sincerely.apps.segments.rules.tree import (
    DEPTH_LIMIT,
    EVERYONE,
    GROUPS,
    NODE_LIMIT,
    Rule,
    children_of,
    group_of,
    is_everyone,
)

ROOT = "rule"


class FormFields(Protocol):
    """What a posted form offers (Django's QueryDict does)."""

    def get(self, key: str, default: Any = None, /) -> Any:
        """Return the last value of a field."""

    def getlist(self, key: str, /) -> list[Any]:
        """Return all values of a field."""


def to_fields(rule: Rule, name: str = ROOT) -> dict[str, list[str]]:
    """Return a rule as form fields."""
    kind = group_of(rule)
    if is_everyone(rule):
        return {f"{name}.node": ["everyone"]}
    if kind:
        fields = {f"{name}.node": [kind], f"{name}.size": [str(len(children_of(rule)))]}
        for index, child in enumerate(children_of(rule)):
            fields |= to_fields(child, f"{name}.{index}")
        return fields
    key = str(rule.get("criterion", ""))
    fields = {f"{name}.node": ["criterion"], f"{name}.criterion": [key], f"{name}.was": [key]}
    for param, value in rule.items():
        if param != "criterion":
            fields[f"{name}.{param}"] = written(value)
    return fields


def written(value: Any) -> list[str]:
    """Return a parameter's value as the form shows it."""
    if isinstance(value, list) and all(isinstance(one, int) for one in value):
        return [str(one) for one in value]
    if isinstance(value, list):
        return ["\n".join(str(one) for one in value)]
    return [str(value)]


def from_fields(data: FormFields, catalogue: Catalogue) -> Rule:
    """Return the rule that a form holds, as far as it is filled in; `check` says what misses."""
    return _Reading(data, catalogue).node(ROOT, 1)


class _Reading:
    def __init__(self, data: FormFields, catalogue: Catalogue) -> None:
        self.data, self.catalogue, self.count = data, catalogue, 0

    def node(self, name: str, depth: int) -> Rule:
        self.count += 1
        kind = self.data.get(f"{name}.node")
        if kind == "everyone":
            return dict(EVERYONE)
        if kind in GROUPS:
            size = _whole(self.data.get(f"{name}.size", "0"))
            limit = size if isinstance(size, int) and depth <= DEPTH_LIMIT else 0
            children = []
            for index in range(max(limit, 0)):
                if self.count > NODE_LIMIT:
                    break
                children.append(self.node(f"{name}.{index}", depth + 1))
            return {str(kind): children}
        return self.criterion(name)

    def criterion(self, name: str) -> Rule:
        key = str(self.data.get(f"{name}.criterion", ""))
        criterion = CRITERIA.get(key)
        if criterion is None:
            return {"criterion": key[:60]} if key else new_criterion()
        was = self.data.get(f"{name}.was")
        if was is not None and was != key:
            return new_criterion(key)
        return self.params(name, criterion)

    def params(self, name: str, criterion: Criterion) -> Rule:
        node: Rule = {"criterion": criterion.key}
        for param in criterion.params:
            if param.key in node or not param.is_shown(node, self.catalogue):
                continue
            value = READ.get(param.kind, _text)(self.data.getlist(f"{name}.{param.key}"))
            if param.kind == "choice":
                value = self._offered(param, node, value)
            if value not in (None, "", []):
                node[param.key] = value
        return node

    def _offered(self, param: Param, node: Mapping[str, Any], value: Any) -> Any:
        offered = [
            option for option, _caption in param.offered(param.options, node, self.catalogue)
        ]
        if value in offered or not offered:
            return value
        return None if param.default in offered or param.is_optional else offered[0]


def _text(values: list[Any]) -> Any:
    return str(values[-1]) if values else None


def _lines(values: list[Any]) -> Any:
    lines = re.split(r"\r?\n", str(values[-1])) if values else []
    return [line for line in lines if line]


def _whole(value: Any) -> Any:
    text = str(value).strip()
    return int(text) if re.fullmatch(r"-?[0-9]{1,18}", text, re.ASCII) else text


def _integer(values: list[Any]) -> Any:
    return _whole(values[-1]) if values else None


def _number(values: list[Any]) -> Any:
    whole = _integer(values)
    if not isinstance(whole, str) or not whole:
        return whole
    try:
        number = float(whole.replace(",", ".") if whole.count(",") == 1 else whole)
    except ValueError:
        return whole
    return number if math.isfinite(number) else whole


def _integers(values: list[Any]) -> Any:
    return [_whole(value) for value in values if str(value).strip()]


READ: dict[str, Callable[[list[Any]], Any]] = {
    "integer": _integer,
    "number": _number,
    "texts": _lines,
    "links": _integers,
    **dict.fromkeys(("label", "list", "segment", "type", "mailing"), _integer),
}
