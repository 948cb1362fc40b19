"""A turn as the sender takes it, with a clock of the test's own: claim, ask, dial, settle."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from sincerely.apps.sending.actions.outbox import Claimed, Settlement, claim, dial, refuse, settle
from sincerely.apps.sending.actions.pressure import LATER, hold_back
from sincerely.apps.sending.models import Dispatch


def turn(dispatch: Dispatch, now: datetime) -> dict[int, str]:
    """What the sender does: claim, ask, dial or refuse; every mail that goes is accepted."""
    claimed = claim(dispatch.pk, owner="me", now=now, limit=50)
    with transaction.atomic():
        words = hold_back(claimed, now=now)
        go = [message for message in claimed if message.id not in words]
        dial([(message, "") for message in go])
        refuse([(m, words[m.id]) for m in claimed if words.get(m.id, LATER) != LATER], now=now)
    with transaction.atomic():
        settle([accepted(message, now) for message in go], now=now)
    return {message.id: words.get(message.id, "") for message in claimed}


def accepted(message: Claimed, now: datetime) -> Settlement:
    return Settlement(message, "accepted", 250, "ok", finished_at=now)
