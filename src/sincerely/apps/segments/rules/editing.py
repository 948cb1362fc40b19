"""Moves in the form: add, remove, shift, box, unbox. Each gives a new rule."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy

from sincerely.apps.segments.rules.criterion import CRITERIA
from sincerely.apps.segments.rules.tree import Rule, at_path, children_of, group_of

FIRST_CRITERION = "label_clicks"


def new_criterion(key: str = FIRST_CRITERION) -> Rule:
    """Return a criterion as the form starts it."""
    criterion = CRITERIA[key]
    return {"criterion": key, **criterion.example}


def boxed(rule: Rule) -> Rule:
    """Return the rule with a group at its root, so that the form can add to it."""
    return rule if group_of(rule) else {"all": [rule] if rule else []}


def edited(rule: Rule, act: str, path: str) -> Rule:
    """Return the rule after one act at a path; an act that makes no sense there changes nothing.

    Acts: add, add_group, add_everyone (into the group at the path), remove, up, down, wrap, out.
    """
    changed = boxed(deepcopy(rule))
    if changed is not rule and not group_of(rule):
        path = f"0.{path}" if path else "0" if act in AT_PLACE else ""
    try:
        ACTS[act](changed, path)
    except (KeyError, IndexError, ValueError):
        return boxed(rule)
    return changed


def _place(rule: Rule, path: str) -> tuple[list[Rule], int]:
    """Return the list that holds the node at a path, and its index."""
    parent, _dot, index = path.rpartition(".")
    siblings = children_of(at_path(rule, parent))
    siblings[int(index)]
    return siblings, int(index)


def _group(rule: Rule, path: str) -> list[Rule]:
    node = at_path(rule, path)
    kind = group_of(node)
    if kind is None:
        raise ValueError(path)
    children: list[Rule] = node[kind]
    return children


def _add(rule: Rule, path: str) -> None:
    _group(rule, path).append(new_criterion())


def _add_group(rule: Rule, path: str) -> None:
    inner = "any" if "all" in at_path(rule, path) else "all"
    _group(rule, path).append({inner: [new_criterion()]})


def _add_everyone(rule: Rule, path: str) -> None:
    _group(rule, path).append({"everyone": True})


def _remove(rule: Rule, path: str) -> None:
    siblings, index = _place(rule, path)
    del siblings[index]


def _shift(step: int) -> Callable[[Rule, str], None]:
    def shift(rule: Rule, path: str) -> None:
        siblings, index = _place(rule, path)
        target = index + step
        if 0 <= target < len(siblings):
            siblings[index], siblings[target] = siblings[target], siblings[index]

    return shift


def _wrap(rule: Rule, path: str) -> None:
    siblings, index = _place(rule, path)
    parent = at_path(rule, path.rpartition(".")[0])
    siblings[index] = {"any" if "all" in parent else "all": [siblings[index]]}


def _out(rule: Rule, path: str) -> None:
    parent = path.rpartition(".")[0]
    outer, place = _place(rule, parent)
    siblings, index = _place(rule, path)
    outer.insert(place + 1, siblings.pop(index))
    if not siblings:
        del outer[place]


AT_PLACE = ("remove", "up", "down", "wrap", "out")
ACTS: dict[str, Callable[[Rule, str], None]] = {
    "add": _add,
    "add_group": _add_group,
    "add_everyone": _add_everyone,
    "remove": _remove,
    "up": _shift(-1),
    "down": _shift(1),
    "wrap": _wrap,
    "out": _out,
}
