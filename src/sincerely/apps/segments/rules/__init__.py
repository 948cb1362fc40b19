"""The rule language, pure: its shape, its criteria, what is wrong, and two readings."""

from sincerely.apps.segments.rules import criteria
from sincerely.apps.segments.rules.catalogue import Catalogue
from sincerely.apps.segments.rules.checking import Problem, WrongRule, check
from sincerely.apps.segments.rules.evaluating import evaluate, explain
from sincerely.apps.segments.rules.expanding import expand, problems_of, segments_used
from sincerely.apps.segments.rules.moment import Moment
from sincerely.apps.segments.rules.person import Person
from sincerely.apps.segments.rules.phrasing import sentence
from sincerely.apps.segments.rules.tree import normal

__all__ = [
    "Catalogue",
    "Moment",
    "Person",
    "Problem",
    "WrongRule",
    "check",
    "criteria",
    "evaluate",
    "expand",
    "explain",
    "normal",
    "problems_of",
    "segments_used",
    "sentence",
]
