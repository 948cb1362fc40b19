"""What the form shows while a rule is edited: the count, some people, counts of parts."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import datetime

from sincerely.apps.contacts.models import Contact
from sincerely.apps.segments.queries.reading import Reading
from sincerely.apps.segments.rules import Catalogue, Problem, WrongRule, check, problems_of
from sincerely.apps.segments.rules.tree import Rule, walk
from sincerely.apps.segments.surroundings import catalogue_of, moment_at

# Counting the parts is a help, not a duty: it stops when it has taken so long in real time.
PARTS_SECONDS = 0.8


@dataclass(frozen=True, slots=True)
class Preview:
    """What a rule selects now. A wrong rule has problems and no count."""

    count: int | None = None
    people: list[Contact] = field(default_factory=list)
    parts: dict[str, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    catalogue: Catalogue = field(default_factory=Catalogue)


def preview(rule: Rule, *, now: datetime, limit: int = 10, own_id: int | None = None) -> Preview:
    """Return what a rule selects now: how many, some of them, and how many each part selects.

    One reading serves them all: each criterion is read once. `own_id` is the segment that is being
    edited: a rule that leads back to it selects nobody, as it could not be saved.
    """
    catalogue = catalogue_of(rule)
    reading = Reading(moment_at(now), catalogue)
    problems = problems_of(rule, catalogue, own_id=own_id)
    if problems:
        return Preview(problems=problems, catalogue=catalogue, parts=_parts(rule, reading))
    found = reading.select(rule)
    people = Contact.objects.filter(pk__in=list(found[:limit])).order_by("pk")
    return Preview(len(found), list(people), _parts(rule, reading), catalogue=catalogue)


def _parts(rule: Rule, reading: Reading) -> dict[str, int]:
    """Return the count of each right part by path, as far as time allows, outermost first."""
    counts: dict[str, int] = {}
    started = time.monotonic()
    parts = sorted(walk(rule), key=lambda part: part[0].count("."))
    for path, node in parts:
        if not path or check(node, reading.catalogue):
            continue
        if time.monotonic() - started > PARTS_SECONDS:
            break
        try:
            counts[path] = len(reading.select(node))
        except WrongRule:
            continue
    return counts
