"""From and to the merged 'interests' of older accounts, which kept one flat list. Pure.

There, what a person chose and what was found out about them stood in one list. Here a *preference*
is declared by the contact and a *label* is what others know. For each old interest somebody says
which of the two it was. Permission is no part of either model and is not touched.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Becomes(StrEnum):
    """What an old interest turns into."""

    PREFERENCE = "preference"
    LABEL = "label"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the report: an interest, what it becomes, and how many contacts have it."""

    interest: str
    becomes: Becomes
    contact_count: int
    is_new_label: bool


def plan(
    interests: Mapping[int, Sequence[str]],
    *,
    choices: Mapping[str, Becomes],
    known: Iterable[str],
) -> list[Line]:
    """Return the report of taking over these interests (contact id → names); labels by default."""
    there = set(known)
    counts = Counter(name for names in interests.values() for name in set(names))
    lines = []
    for name, count in sorted(counts.items()):
        becomes = choices.get(name, Becomes.LABEL)
        is_new = becomes is not Becomes.NOTHING and name not in there
        lines.append(Line(name, becomes, count, is_new))
    return lines


def merged(held: Iterable[tuple[int, str]]) -> dict[int, list[str]]:
    """Return contact id → names of all that the contact holds, declared or not, in order."""
    found: dict[int, set[str]] = {}
    for contact_id, name in held:
        found.setdefault(contact_id, set()).add(name)
    return {contact_id: sorted(found[contact_id]) for contact_id in sorted(found)}
