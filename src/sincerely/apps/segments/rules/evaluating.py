"""The evaluator: does a rule hold for this person? The oracle of the SQL reading."""

from __future__ import annotations

from sincerely.apps.segments.rules.catalogue import Catalogue
from sincerely.apps.segments.rules.criterion import CRITERIA
from sincerely.apps.segments.rules.expanding import expand
from sincerely.apps.segments.rules.moment import Moment
from sincerely.apps.segments.rules.person import Person
from sincerely.apps.segments.rules.tree import (
    Rule,
    children_of,
    group_of,
    is_everyone,
    join_path,
)


def evaluate(rule: Rule, person: Person, *, moment: Moment, catalogue: Catalogue) -> bool:
    """Say whether the rule selects this person; raises WrongRule where the rule is wrong."""
    return holds(expand(rule, catalogue), person, moment)


def holds(node: Rule, person: Person, moment: Moment) -> bool:
    """Read a checked and expanded rule (see `expand`) for one person."""
    if is_everyone(node):
        return True
    kind = group_of(node)
    if kind:
        found = (holds(child, person, moment) for child in children_of(node))
        return all(found) if kind == "all" else any(found) == (kind == "any")
    return CRITERIA[node["criterion"]].holds(node, person, moment)


def explain(
    rule: Rule, person: Person, *, moment: Moment, catalogue: Catalogue
) -> list[tuple[str, Rule, bool]]:
    """Return every part of the rule as written with its path and whether it holds, parents first.

    Raises WrongRule where the rule is wrong.
    """
    expand(rule, catalogue)
    return _explain(rule, "", person, moment=moment, catalogue=catalogue)


def _explain(
    node: Rule, path: str, person: Person, *, moment: Moment, catalogue: Catalogue
) -> list[tuple[str, Rule, bool]]:
    verdict = holds(expand(node, catalogue), person, moment)
    parts = [(path, node, verdict)]
    for index, child in enumerate(children_of(node)):
        inner = join_path(path, index)
        parts += _explain(child, inner, person, moment=moment, catalogue=catalogue)
    return parts
