"""The piles of a diagnosis: whom to write to, who sleeps, who cannot be judged.

Everybody is in exactly one pile; what forbids a mail comes before what is known of behaviour.
`rule_of` says a pile in the rule language, so that it can be kept as a segment that stays current.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

ENGAGED_DAYS = 183  # six months: what mailbox providers call recent
ASLEEP_DAYS = 364  # 52 weeks, as in the ready-made lists
Group = Literal["worth", "between", "asleep", "unjudged", "closed"]


@dataclass(frozen=True, slots=True)
class Pile:
    """One pile; `group` is the question that it answers."""

    key: str
    group: Group


PILES = (
    Pile("engaged", "worth"),
    Pile("drifting", "between"),
    Pile("asleep", "asleep"),
    Pile("hidden", "unjudged"),
    Pile("no_history", "unjudged"),
    Pile("too_new", "unjudged"),
    Pile("not_asked", "closed"),
    Pile("withdrawn", "closed"),
    Pile("opted_out", "closed"),
    Pile("complained", "closed"),
    Pile("bounced", "closed"),
    Pile("suppressed", "closed"),
)
BY_KEY = {pile.key: pile for pile in PILES}
GROUPS: tuple[Group, ...] = ("worth", "between", "asleep", "unjudged", "closed")
ENGAGING = ("last_open", "last_click", "last_reply")


def group_counts(counts: dict[str, int]) -> dict[str, int]:
    """Return how many people stand in each group."""
    return {
        group: sum(counts.get(pile.key, 0) for pile in PILES if pile.group == group)
        for group in GROUPS
    }


def rule_of(key: str, *, type_ids: list[int]) -> dict[str, Any] | None:
    """Return the rule of a pile that can be said as one, else None (then it becomes a list)."""
    may = _any(
        [{"criterion": "permission", "type": type_id, "state": "in"} for type_id in type_ids]
    )
    if may is None:
        return None
    open_to_us = [
        {"criterion": "opted_out", "test": "no"},
        {"criterion": "suppressed", "test": "no"},
        may,
    ]
    if key == "engaged":
        return {"all": [*open_to_us, {"any": _engaged(ENGAGED_DAYS)}]}
    if key == "drifting":
        return {
            "all": [
                *open_to_us,
                {"none": _engaged(ENGAGED_DAYS)},
                {"any": _engaged(ASLEEP_DAYS)},
            ]
        }
    if key == "asleep":
        return {"all": [*open_to_us, *_asleep()]}
    if key == "not_asked":
        asked = [
            {"criterion": "permission", "type": type_id, "state": "unspecified"}
            for type_id in type_ids
        ]
        return {"all": [*open_to_us[:2], *asked]}
    return None


def _asleep() -> list[dict[str, Any]]:
    """Return: no sign of life for 52 weeks, by people who once gave one or had a year for it."""
    old = {"test": "more_than_days_ago", "days": ASLEEP_DAYS}
    long_here = {
        "any": [
            {"criterion": "date", "of": "signed_up", **old},
            {
                "all": [
                    {"criterion": "date", "of": "signed_up", "test": "unknown"},
                    {"criterion": "date", "of": "created", **old},
                ]
            },
        ]
    }
    mailed_in_vain = {
        "all": [
            {"criterion": "date", "of": "last_sent", "test": "known"},
            {"criterion": "cannot_tell", "test": "no"},
            long_here,
        ]
    }
    once = [{"criterion": "date", "of": name, "test": "known"} for name in ENGAGING]
    return [
        {"criterion": "field", "field": "tracking_tier", "test": "is", "value": "full"},
        {"none": _engaged(ASLEEP_DAYS)},
        {"any": [*once, mailed_in_vain]},
    ]


def _engaged(days: int) -> list[dict[str, Any]]:
    return [
        {"criterion": "date", "of": name, "test": "within_days", "days": days} for name in ENGAGING
    ]


def _any(rules: list[dict[str, Any]]) -> dict[str, Any] | None:
    if not rules:
        return None
    return rules[0] if len(rules) == 1 else {"any": rules}
