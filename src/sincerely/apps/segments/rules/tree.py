"""The shape of a rule: groups, criteria and `everyone`, with paths to their places.

A rule is JSON: `{"all": […]}`, `{"any": […]}`, `{"none": […]}`, `{"everyone": true}`, or a
criterion, `{"criterion": "<key>", …}`. A path names a place by the indices on the way down: "" is
the root, "0.2" the third child of the first child.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sincerely.apps.segments.rules.criterion import CRITERIA

Rule = dict[str, Any]
GROUPS = ("all", "any", "none")
EVERYONE: Rule = {"everyone": True}
DEPTH_LIMIT = 8
NODE_LIMIT = 200


def group_of(node: object) -> str | None:
    """Return the kind of group that this node is, or None."""
    if isinstance(node, dict):
        for kind in GROUPS:
            if kind in node:
                return kind
    return None


def children_of(node: Rule) -> list[Rule]:
    """Return the members of a group; a criterion has none."""
    kind = group_of(node)
    children = node[kind] if kind else []
    return children if isinstance(children, list) else []


def is_everyone(node: object) -> bool:
    """Say whether this node selects everybody, which must be said in so many words."""
    return isinstance(node, dict) and node == EVERYONE


def join_path(path: str, index: int) -> str:
    """Return the path of a child."""
    return f"{path}.{index}" if path else str(index)


def walk(node: Rule, path: str = "") -> Iterator[tuple[str, Rule]]:
    """Yield every node with its path, parents first."""
    yield path, node
    for index, child in enumerate(children_of(node)):
        yield from walk(child, join_path(path, index))


def at_path(rule: Rule, path: str) -> Rule:
    """Return the node at a path; raises IndexError where there is none."""
    node = rule
    for step in path.split(".") if path else ():
        node = children_of(node)[int(step)]
    return node


def normal(node: Rule) -> Rule:
    """Return the rule without what goes without saying: defaults, empty and foreign parameters."""
    kind = group_of(node)
    if kind:
        return {kind: [normal(child) for child in children_of(node)]}
    criterion = CRITERIA.get(str(node.get("criterion", "")))
    if criterion is None:
        return dict(node)
    kept = {
        param.key: node[param.key]
        for param in criterion.params
        if param.key in node
        and node[param.key] not in (None, "", [])
        and node[param.key] != param.default
    }
    return {"criterion": criterion.key, **kept}
