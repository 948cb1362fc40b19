"""Reads of the sending domain."""

from sincerely.apps.sending.queries.audience import estimate
from sincerely.apps.sending.queries.dispatches import (
    Tally,
    dispatch_of,
    holds,
    holds_of,
    is_finished,
    is_restored,
    tally,
    undecided_count,
    waiting_because,
)
from sincerely.apps.sending.queries.readiness import launch_locks, locked_because

__all__ = [
    "Tally",
    "dispatch_of",
    "estimate",
    "holds",
    "holds_of",
    "is_finished",
    "is_restored",
    "launch_locks",
    "locked_because",
    "tally",
    "undecided_count",
    "waiting_because",
]
