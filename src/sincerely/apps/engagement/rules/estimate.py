"""Estimates beside the counts: opens that a proxy hides. Pure.

Always shown as 'estimated'. The open rate where Apple's proxy loads every image comes from the
readers whose opens can be seen: their opens per click, times the clicks of the hidden ones
(science.md section 1.3).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

DRAWS = 2_000


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value with the 95 % interval around it."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Group:
    """Recipients of one mailing: how many, how many opened (verified), how many clicked (human)."""

    delivered: int
    opened: int
    clicked: int


def open_ratio(visible: Group, hidden: Group, *, seed: int = 0) -> Estimate | None:
    """Return the share of people who opened, those behind a proxy included; None without data.

    `seed` fixes the draws of the interval, so that a report shows the same numbers twice.
    """
    total = visible.delivered + hidden.delivered
    if total == 0 or visible.delivered == 0:
        return None
    random = np.random.default_rng(seed)
    seen = _draws(random, visible.opened, visible.delivered)
    clicks_seen = _draws(random, visible.clicked, visible.delivered)
    clicks_hidden = _draws(random, hidden.clicked, hidden.delivered)
    factor = _shrunk(clicks_hidden / np.maximum(clicks_seen, 1e-9), visible.clicked)
    rates = (visible.delivered * seen + hidden.delivered * np.minimum(1.0, factor * seen)) / total
    low, high = np.quantile(rates, (0.025, 0.975))
    return Estimate(_point(visible, hidden, total), float(low), float(high))


def _draws(random: np.random.Generator, count: int, total: int) -> np.ndarray:
    return random.beta(count + 0.5, max(total - count, 0) + 0.5, DRAWS)


def _shrunk(ratio: np.ndarray, clicks_seen: int) -> np.ndarray:
    """Pull the ratio of clicks towards 1 where fewer than 30 clicks speak for it."""
    trust = min(1.0, clicks_seen / 30)
    return np.asarray(trust * ratio + (1 - trust))


def _point(visible: Group, hidden: Group, total: int) -> float:
    seen = visible.opened / visible.delivered
    clicks_seen = visible.clicked / visible.delivered
    ratio = 1.0
    if clicks_seen and hidden.delivered:
        ratio = hidden.clicked / hidden.delivered / clicks_seen
    factor = float(_shrunk(np.array([ratio]), visible.clicked)[0])
    hidden_rate = min(1.0, factor * seen)
    return (visible.delivered * seen + hidden.delivered * hidden_rate) / total
