"""How interests moved between two moments: gained, faded, expired, and who leads. Pure.

Both strengths come from the same clicks by the same half-life; those after the first moment do not
count for it. An interest is alive from half a click on: one click is that after a half-life.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from sincerely.apps.interests.rules.strength import Clicks, strength

ALIVE = 0.5
MUCH = 1.25  # a change by less than this factor is called steady


class Move(StrEnum):
    """What became of one interest."""

    GAINED = "gained"
    GROWN = "grown"
    STEADY = "steady"
    FADED = "faded"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Period:
    """From when to when, and how fast interests fade."""

    since: datetime
    until: datetime
    half_life_days: float

    def at_both(self, clicks: Iterable[Clicks]) -> tuple[float, float]:
        """Return the strength at the beginning and at the end."""
        given = list(clicks)
        before = [one for one in given if one.at <= self.since]
        return (
            strength(before, now=self.since, half_life_days=self.half_life_days),
            strength(given, now=self.until, half_life_days=self.half_life_days),
        )


def move(before: float, after: float) -> Move | None:
    """Return what became of an interest; None where there was none worth the name."""
    if before < ALIVE:
        return Move.GAINED if after >= ALIVE else None
    if after < ALIVE:
        return Move.EXPIRED
    if after >= before * MUCH:
        return Move.GROWN
    return Move.FADED if after * MUCH <= before else Move.STEADY


def leading(strengths: Mapping[int, float]) -> int | None:
    """Return the label with the strongest living interest; of equal ones the lowest id."""
    alive = [(-value, label_id) for label_id, value in strengths.items() if value >= ALIVE]
    return min(alive)[1] if alive else None


@dataclass(slots=True)
class Drift:
    """What moved: per label its moves, and whose leading interest is another one now."""

    moves: dict[int, Counter[Move]] = field(default_factory=dict)
    changes: Counter[tuple[int, int]] = field(default_factory=Counter)
    changed: list[tuple[int, int, int]] = field(default_factory=list)
    contact_count: int = 0

    def add(self, contact_id: int, clicks: Mapping[int, Iterable[Clicks]], period: Period) -> None:
        """Count one contact's interests, given as clicks by label."""
        both = {label_id: period.at_both(given) for label_id, given in clicks.items()}
        for label_id, (before, after) in both.items():
            if became := move(before, after):
                self.moves.setdefault(label_id, Counter())[became] += 1
        self.contact_count += 1
        old = leading({label_id: before for label_id, (before, _after) in both.items()})
        new = leading({label_id: after for label_id, (_before, after) in both.items()})
        if old is not None and new is not None and old != new:
            self.changes[old, new] += 1
            self.changed.append((contact_id, old, new))
