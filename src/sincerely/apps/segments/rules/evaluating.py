"""The evaluator: does a rule hold for this person? The oracle of the SQL reading."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from sincerely.apps.segments.rules.catalogue import Catalogue
from sincerely.apps.segments.rules.criterion import CRITERIA
from sincerely.apps.segments.rules.expanding import expand
from sincerely.apps.segments.rules.person import Person
from sincerely.apps.segments.rules.tree import (
    Rule,
    children_of,
    group_of,
    is_everyone,
    join_path,
)


@dataclass(frozen=True, slots=True)
class Moment:
    """When a rule is read: the time, the account's time zone, the half-life of label strength."""

    now: datetime
    zone: tzinfo = UTC
    half_life_days: float = 60

    @property
    def today(self) -> date:
        """The day it is in the account's time zone."""
        return self.now.astimezone(self.zone).date()

    def days_ago(self, days: int) -> datetime:
        """Return the time exactly `days` times 24 hours ago."""
        return self.now - timedelta(days=days)

    def start_of(self, day: str, *, plus_days: int = 0) -> datetime:
        """Return when an ISO day begins in the account's time zone, in UTC.

        Days at the very ends of the calendar are kept away from them, where zones overflow.
        """
        moved = date.fromisoformat(day)
        moved = min(max(moved, date(2, 1, 1)), date(9998, 12, 30)) + timedelta(days=plus_days)
        return datetime.combine(moved, time(), self.zone).astimezone(UTC)


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
