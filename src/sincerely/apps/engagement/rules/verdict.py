"""Human, undecided or machine: the verdict model v1 (science.md section 1.3). Pure.

All signals of one message are judged together. The log-odds of 'machine' start at a prior and each
piece of evidence adds its weight; below 20 % the verdict is human, above 80 % machine. A judgement
looks only at what happened up to its window's end (90 s or 24 h after the hit), so judging again
later from the raw signals gives the same result. Weights are starting values to be tuned.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

from sincerely.apps.engagement.rules.agents import traits_of
from sincerely.apps.engagement.rules.networks import network_of

HUMAN, UNDECIDED, MACHINE = "human", "undecided", "machine"
HUMAN_BELOW, MACHINE_ABOVE = 0.2, 0.8
WINDOWS = {1: timedelta(0), 2: timedelta(seconds=90), 3: timedelta(hours=24)}
PRIORS = {"gateway": 0.0, "microsoft": -1.0, "other": -2.5}
WEIGHTS = {
    "head": 6.0,
    "prefetch": 6.0,
    "filter network": 6.0,
    "image prefetch": 6.0,
    "before delivery": 5.0,
    "within 5 s of delivery": 3.0,
    "within 30 s of delivery": 1.5,
    "within 2 min of delivery": 0.5,
    "three links in 2 s": 5.0,
    "most links in 10 s": 4.0,
    "most links in 1 min": 3.5,
    "probable filter soon after delivery": 3.0,
    "hosting network": 1.5,
    "robot agent": 4.0,
    "unsubscribe link together with others": 2.0,
    "acted on it later": -6.0,
    "late single click": -2.0,
}
SCAN_WINDOW_SECONDS = 120
LATE = timedelta(minutes=10)
OPEN_SCALE = 0.5  # people do open within seconds: half the weight, except before delivery


class Hit(NamedTuple):
    """One signal as captured; `link_number` 0 is the unsubscribe page or no link."""

    kind: str
    at: datetime
    link_number: int = 0
    is_system_link: bool = False
    ip: str = ""
    user_agent: str = ""
    method: str = "GET"
    is_prefetch: bool = False
    is_simulated: bool = False


class Circumstances(NamedTuple):
    """What is known of the message: its delivery, its links, what its reader did for sure."""

    delivered_at: datetime | None = None
    link_count: int = 0
    gateway: str = "other"
    acted_at: tuple[datetime, ...] = ()


class Judgement(NamedTuple):
    """A verdict, the probability (0–1) that a machine made the signal, and why."""

    verdict: str
    machine_probability: float
    reasons: tuple[str, ...]


SIMULATED = Judgement(HUMAN, 0.0, ("simulated",))


def judge(hits: Sequence[Hit], circumstances: Circumstances, window: timedelta) -> list[Judgement]:
    """Judge every hit of one message, each with what its own window shows; in the order given."""
    return [
        _judge_one(hit, _seen(hits, hit.at + window), circumstances, window=window) for hit in hits
    ]


def judge_hit(
    hit: Hit, hits: Sequence[Hit], circumstances: Circumstances, *, window: timedelta
) -> Judgement:
    """Judge one hit among the hits of its message."""
    return _judge_one(hit, _seen(hits, hit.at + window), circumstances, window=window)


def _seen(hits: Sequence[Hit], until: datetime) -> Sequence[Hit]:
    if len(hits) < 2:
        return hits
    return [other for other in hits if other.at <= until and not other.is_simulated]


def _judge_one(
    hit: Hit, hits: Sequence[Hit], circumstances: Circumstances, *, window: timedelta
) -> Judgement:
    if hit.is_simulated:
        return SIMULATED
    reasons = [*_of_the_request(hit), *_of_the_time(hit, circumstances)]
    if hit.kind == "click":
        reasons += _of_the_company(hit, hits, circumstances)
    if circumstances.acted_at and any(
        hit.at <= at <= hit.at + window for at in circumstances.acted_at
    ):
        reasons.append("acted on it later")
    return _concluded(hit.kind, circumstances.gateway, tuple(reasons))


@lru_cache(maxsize=4_096)
def _concluded(kind: str, gateway: str, reasons: tuple[str, ...]) -> Judgement:
    """Weigh the reasons; remembered, since few combinations occur."""
    odds = PRIORS[gateway] + sum(_weight(reason, kind) for reason in reasons)
    probability = round(1 / (1 + math.exp(-odds)), 6)
    return Judgement(_verdict(probability), probability, reasons)


def _verdict(probability: float) -> str:
    if probability < HUMAN_BELOW:
        return HUMAN
    return MACHINE if probability > MACHINE_ABOVE else UNDECIDED


def _weight(reason: str, kind: str) -> float:
    softened = kind == "open" and reason.endswith("of delivery")
    return WEIGHTS[reason] * (OPEN_SCALE if softened else 1)


def _of_the_request(hit: Hit) -> list[str]:
    """What the request itself says."""
    network, traits = network_of(hit.ip), traits_of(hit.user_agent)
    is_open = hit.kind == "open"
    if network == "other" and hit.method == "GET" and not any((*traits, hit.is_prefetch)):
        return []
    told = (
        ("head", hit.method == "HEAD"),
        ("prefetch", hit.is_prefetch),
        ("filter network", network == "certain"),
        ("image prefetch", is_open and traits.is_prefetcher),
        ("hosting network", hit.kind == "click" and network == "hosting"),
        ("robot agent", traits.is_robot and not (is_open and traits.is_image_proxy)),
    )
    return [reason for reason, holds in told if holds]


def _of_the_time(hit: Hit, circumstances: Circumstances) -> list[str]:
    """What the time since delivery says; nothing where the delivery is not known (yet)."""
    if circumstances.delivered_at is None:
        return []
    seconds = (hit.at - circumstances.delivered_at).total_seconds()
    reasons = []
    if seconds < 2:
        reasons.append("before delivery")
    elif seconds < 5:
        reasons.append("within 5 s of delivery")
    elif seconds < 30:
        reasons.append("within 30 s of delivery")
    elif seconds < SCAN_WINDOW_SECONDS and hit.kind == "click":
        reasons.append("within 2 min of delivery")
    if seconds < SCAN_WINDOW_SECONDS and network_of(hit.ip) == "probable":
        reasons.append("probable filter soon after delivery")
    return reasons


def _of_the_company(hit: Hit, hits: Sequence[Hit], circumstances: Circumstances) -> list[str]:
    """What the other clicks around this one say: scanners take many links, quickly."""
    reasons: list[str] = []
    if len(hits) == 1:  # alone, it can only be late
        return ["late single click"] if _is_late_single(hit, circumstances, 1) else reasons
    most_in_2_s = _most_links(hit, hits, 2)
    within_10_s, within_60_s = _most_links(hit, hits, 10), _most_links(hit, hits, 60)
    if most_in_2_s >= 3:
        reasons.append("three links in 2 s")
    if circumstances.link_count >= 4 and within_10_s >= 0.8 * circumstances.link_count:
        reasons.append("most links in 10 s")
    elif circumstances.link_count >= 5 and within_60_s >= 0.9 * circumstances.link_count:
        reasons.append("most links in 1 min")
    near = [other for other in hits if other.kind == "click" and _apart(hit, other) <= 10]
    if any(other.is_system_link for other in near) and any(not o.is_system_link for o in near):
        reasons.append("unsubscribe link together with others")
    if _is_late_single(hit, circumstances, within_10_s):
        reasons.append("late single click")
    return reasons


def _is_late_single(hit: Hit, circumstances: Circumstances, links_near: int) -> bool:
    if circumstances.delivered_at is None or links_near > 1:
        return False
    return hit.at - circumstances.delivered_at > LATE and network_of(hit.ip) == "other"


def _apart(hit: Hit, other: Hit) -> float:
    return abs((other.at - hit.at).total_seconds())


def _most_links(hit: Hit, hits: Sequence[Hit], seconds: float) -> int:
    """Return the most distinct links clicked in any span of that length that holds this hit."""
    if len(hits) == 1:
        return 1
    near = sorted(
        (other.at, other.link_number)
        for other in hits
        if other.kind == "click" and _apart(hit, other) <= seconds
    )
    best, start = 1, 0
    counts: dict[int, int] = {}
    for at, number in near:
        counts[number] = counts.get(number, 0) + 1
        while (at - near[start][0]).total_seconds() > seconds:
            first = near[start][1]
            counts[first] -= 1
            if not counts[first]:
                del counts[first]
            start += 1
        best = max(best, len(counts))
    return best
