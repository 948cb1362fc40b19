"""Taking over from senders that ended in the middle: what they claimed and dialled."""

from __future__ import annotations

from datetime import datetime

import structlog

from sincerely.apps.sending.actions.dispatches import sweep_cancelled
from sincerely.apps.sending.actions.outbox import recover
from sincerely.apps.sending.queries.outbox import owners_at_work
from sincerely.engines.sender.owner import is_dead

log = structlog.get_logger("sender")


def take_over(own_name: str, *, now: datetime) -> None:
    """Recover the rows of dead senders and end what is left of cancelled mailings."""
    for name in owners_at_work():
        if name != own_name and is_dead(name):
            returned, unknown = recover(name, now=now)
            log.warning("took over from a dead sender", returned=returned, unknown=unknown)
    sweep_cancelled(now=now)
