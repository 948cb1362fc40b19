"""The one gate: may this mail leave, and if not, why not?

The order of the reasons is fixed and documented in `ORDER`: the strongest wish of the person comes
first (a complaint, then an opt-out), then what is known of the address, then what is missing on our
side. The same decision exists as SQL (queries/facts.py) for whole lists; a property test keeps
the two equal. Transactional mail asks no permission but never goes to a dead or blocked address.
"""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import datetime

COMPLAINED, BOUNCED, OPT_OUT_LISTED, BLOCKED, INVALID, ERASED = 1, 2, 4, 8, 16, 32
ALWAYS_BLOCKING = BLOCKED | INVALID | ERASED
STALE_MONTHS = 12
ORDER = (
    "address_changed",
    "complaint",
    "opted_out_all",
    "hard_bounce",
    "suppressed",
    "opted_out",
    "no_permission",
    "no_evidence",
    "stale",
    "same_address",
)


@dataclass(frozen=True, slots=True)
class GateFacts:
    """All that the gate looks at, read in one statement in the deciding transaction.

    `blocks` adds up the open suppressions of the address (powers of two above); `permission` is
    True for in, False for out, None for never asked; `has_evidence`: the deciding record exists,
    is not revoked and its salt and payload hash to its commitment.
    """

    blocks: int = 0
    has_complained: bool = False
    opted_out_of_all: bool = False
    permission: bool | None = None
    has_evidence: bool = False
    is_stale: bool = False
    is_same_address: bool = False
    is_address_changed: bool = False
    is_marketing: bool = True


@dataclass(frozen=True, slots=True)
class Send:
    """The mail may leave."""


@dataclass(frozen=True, slots=True)
class Skip:
    """The mail must not leave; `reason` is a value of models.SkipReason."""

    reason: str


def decide(facts: GateFacts) -> Send | Skip:
    """Return Send, or Skip with the first reason of `ORDER` that holds."""
    if facts.is_address_changed:
        return Skip("address_changed")
    reason = _against_person(facts) or _against_permission(facts)
    if not reason and facts.is_same_address:
        reason = "same_address"
    return Skip(reason) if reason else Send()


def _against_person(facts: GateFacts) -> str:
    """What the person or the address forbids."""
    if facts.is_marketing and (facts.blocks & COMPLAINED or facts.has_complained):
        return "complaint"
    if facts.is_marketing and facts.opted_out_of_all:
        return "opted_out_all"
    if facts.blocks & BOUNCED:
        return "hard_bounce"
    blocking = ALWAYS_BLOCKING | (OPT_OUT_LISTED if facts.is_marketing else 0)
    return "suppressed" if facts.blocks & blocking else ""


def _against_permission(facts: GateFacts) -> str:
    """What is missing on our side: only marketing mail asks for it."""
    if not facts.is_marketing:
        return ""
    if facts.permission is None:
        return "no_permission"
    if not facts.permission:
        return "opted_out"
    if not facts.has_evidence:
        return "no_evidence"
    return "stale" if facts.is_stale else ""


def stale_before(now: datetime) -> datetime:
    """Return the moment twelve calendar months ago: last mailed before it means stale (R099)."""
    year, month = now.year - STALE_MONTHS // 12, now.month
    return now.replace(year=year, day=min(now.day, monthrange(year, month)[1]))
