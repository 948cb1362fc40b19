"""Segments inside rules: put in place, circles refused. A segment is always its rule today."""

from __future__ import annotations

from collections.abc import Iterator

from sincerely.apps.segments.rules.catalogue import Catalogue
from sincerely.apps.segments.rules.checking import Problem, WrongRule, check
from sincerely.apps.segments.rules.marking import gettext_noop
from sincerely.apps.segments.rules.tree import (
    DEPTH_LIMIT,
    Rule,
    children_of,
    group_of,
    join_path,
    walk,
)

_ = gettext_noop
EXPANDED_LIMIT = 2_000


def segments_used(rule: Rule) -> set[int]:
    """Return the ids of the segments that a rule names directly; it may be wrong otherwise."""
    if not isinstance(rule, dict):
        return set()
    return {
        node["segment"]
        for _path, node in walk(rule)
        if isinstance(node, dict)
        and node.get("criterion") == "segment"
        and isinstance(node.get("segment"), int)
    }


def expand(rule: Rule, catalogue: Catalogue, *, own_id: int | None = None) -> Rule:
    """Return a checked rule with each segment replaced by its rule; raises WrongRule.

    `own_id` is the segment that is to have this rule: naming itself, however far, is a circle.
    """
    problems = check(rule, catalogue) or list(_circles(rule, catalogue, own_id))
    if problems:
        raise WrongRule(problems)
    return _Expansion(catalogue).replace(rule, "")


def problems_of(rule: Rule, catalogue: Catalogue, *, own_id: int | None = None) -> list[Problem]:
    """Return all that keeps a rule from being saved, each with its place; an empty list is good."""
    try:
        expand(rule, catalogue, own_id=own_id)
    except WrongRule as wrong:
        return wrong.problems
    return []


def _circles(rule: Rule, catalogue: Catalogue, own_id: int | None) -> Iterator[Problem]:
    for path, node in walk(rule):
        if node.get("criterion") != "segment":
            continue
        above = [own_id] if own_id is not None else []
        yield from _follow(path, node["segment"], catalogue, above=above)


def _follow(
    path: str, segment_id: int, catalogue: Catalogue, *, above: list[int]
) -> Iterator[Problem]:
    name = {"name": catalogue.name_of("segment", segment_id)}
    if segment_id in above or len(above) > DEPTH_LIMIT:
        way = [*above[above.index(segment_id) if segment_id in above else 0 :], segment_id]
        shown = " → ".join(catalogue.name_of("segment", number) for number in way)
        yield Problem(
            path,
            _("The segment '{name}' leads back to itself: a circle ({way})."),
            {**name, "way": shown},
        )
        return
    rule = dict(catalogue.segments[segment_id].rule)
    inner = check(rule, catalogue)
    if inner:
        yield Problem(
            path,
            _("The segment '{name}' has a wrong rule itself: {problem}"),
            {**name, "problem": inner[0].message},
        )
        return
    for used in sorted(segments_used(rule)):
        yield from _follow(path, used, catalogue, above=[*above, segment_id])


class _Expansion:
    """Replaces segments and counts, so that no tower of segments grows without end."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self.count = 0

    def replace(self, node: Rule, path: str) -> Rule:
        self.count += 1
        if self.count > EXPANDED_LIMIT:
            raise WrongRule([Problem(path, _("The segments in this rule are too large together."))])
        kind = group_of(node)
        if kind:
            return {
                kind: [
                    self.replace(child, join_path(path, index))
                    for index, child in enumerate(children_of(node))
                ]
            }
        if node.get("criterion") != "segment":
            return node
        inner = self.replace(dict(self.catalogue.segments[node["segment"]].rule), path)
        return {"none" if node.get("test") == "not_in" else "all": [inner]}
