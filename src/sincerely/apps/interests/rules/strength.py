"""How strong an interest is: decayed click counts, and a class of certainty. Pure.

Counts per day are what is stored; decay happens on reading. The class is science.md 3.3: the rate
at which a contact clicks on a label, theta ~ Gamma(a, b), with prior a = 1.5 x the label's mean
rate and b = 1.5; human clicks weigh 1, undecided ones 0.25, import and members' entries 2, an own
choice 5 (half-life 180 days); each mail seen with such a link is exposure 1; all of it decays.
The label's mean rate is its own, pooled with the usual one: who clicks on what everybody clicks on
shows less than who clicks on what few do.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

UNDECIDED_WEIGHT = 0.25
DECLARED_WEIGHT = 5.0
DECLARED_HALF_LIFE_DAYS = 180.0
TOLD_WEIGHT = 2.0
PRIOR_MAILS = 1.5
USUAL_RATE = 0.05  # clicks per mail seen where a label has no history of its own: 1 in 20
USUAL_WEIGHT = 50.0  # mails seen that the usual rate counts for, so that few clicks prove little
_DAY = timedelta(days=1)


class Strength(StrEnum):
    """What can be said of an interest."""

    STRONG = "strong"
    LIKELY = "likely"
    UNKNOWN = "unknown"
    NOT = "not"


@dataclass(frozen=True, slots=True)
class Clicks:
    """Clicks at one time (a day's clicks stand at its last click, or at its noon)."""

    at: datetime
    human: int = 0
    undecided: int = 0


def decay(at: datetime, *, now: datetime, half_life_days: float) -> float:
    """Return 2^(-age/half-life), 1 for times to come."""
    age = max((now - at) / _DAY, 0.0)
    return math.exp2(-age / half_life_days)


def strength(clicks: Iterable[Clicks], *, now: datetime, half_life_days: float) -> float:
    """Return the decayed count of clicks; undecided ones count a quarter."""
    return sum(
        (c.human + UNDECIDED_WEIGHT * c.undecided)
        * decay(c.at, now=now, half_life_days=half_life_days)
        for c in clicks
    )


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that is known about one contact's interest in one label, already decayed."""

    clicks: float = 0.0
    declared: float = 0.0
    told: float = 0.0
    exposures: float = 0.0


def pooled_rate(clicks: float, *, seen: float) -> float:
    """Return a label's own clicks per mail seen, drawn to the usual rate while little is known."""
    return (clicks + USUAL_WEIGHT * USUAL_RATE) / (seen + USUAL_WEIGHT)


def classify(evidence: Evidence, *, mean_rate: float) -> Strength:
    """Return the class of the posterior rate against the label's mean clicks per mail seen.

    `mean_rate` is above 0; strong: P(theta > 1.5 mean) > 0.9, likely: > 0.7, not:
    P(theta < 0.5 mean) > 0.8.
    """
    from scipy.special import gammainc, gammaincc  # noqa: PLC0415 -- 0.1 s at each start

    mean = max(mean_rate, 1e-6)
    shape = PRIOR_MAILS * mean + evidence.clicks
    shape += DECLARED_WEIGHT * evidence.declared + TOLD_WEIGHT * evidence.told
    rate = PRIOR_MAILS + evidence.exposures
    above = float(gammaincc(shape, 1.5 * mean * rate))
    if above > 0.9:
        return Strength.STRONG
    if above > 0.7:
        return Strength.LIKELY
    # Without a mail seen there is nothing that could speak against an interest.
    if evidence.exposures > 0 and float(gammainc(shape, 0.5 * mean * rate)) > 0.8:
        return Strength.NOT
    return Strength.UNKNOWN
