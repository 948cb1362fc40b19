"""Why a mailing that is on its way does not move, holds apart: what its page says.

Whatever it is, the sender goes on by itself; the page only spares people the guessing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Min

from sincerely.apps.operation.queries import SILENT, heartbeats, state_of
from sincerely.apps.sending.models import Dispatch, Message, State
from sincerely.apps.sending.queries.dispatches import waiting_because

SENDER = "sender"
TROUBLE_FOR = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Waiting:
    """The reasons, each empty where it does not apply.

    `server_says`: the last words of a receiving server that refuses sessions. `next_at`: nothing is
    due before. `trouble`: what keeps the sender from working, such as a full disk.
    """

    server_says: str = ""
    next_at: datetime | None = None
    has_sender: bool = True
    trouble: str = ""


def waiting(mailing_id: int, *, now: datetime, real_now: datetime) -> Waiting:
    """Return why a mailing waits; signs of life are in real time, mail is due in business time."""
    dispatch = Dispatch.objects.select_related("transport").filter(pk=mailing_id).first()
    if dispatch is None or dispatch.state != "open" or waiting_because(mailing_id):
        return Waiting()
    open_ones = Message.objects.filter(mailing_id=mailing_id)
    queued = open_ones.filter(state__in=[State.PLANNED, State.DEFERRED])
    is_moving = open_ones.filter(state__in=[State.CLAIMED, State.DIALLING]).exists()
    first_at = queued.aggregate(first=Min("due_at"))["first"]
    if first_at is None and not is_moving:
        return Waiting()
    pauses = (dispatch.paced_until, dispatch.transport.paced_until)
    next_at = max(at for at in (first_at, *pauses) if at is not None) if first_at else None
    has_sender, trouble = _sender(real_now)
    return Waiting(
        server_says=dispatch.transport.trouble_words,
        next_at=next_at if next_at and next_at > now and not is_moving else None,
        has_sender=has_sender,
        trouble=trouble,
    )


def _sender(real_now: datetime) -> tuple[bool, str]:
    """Return whether a sender gave a sign of life just now, and what troubles the senders."""
    alive = [
        beat
        for beat in heartbeats()
        if beat.process == SENDER and state_of(beat, real_now=real_now) != SILENT
    ]
    troubles = [
        beat.trouble
        for beat in alive
        if beat.trouble and beat.trouble_at and beat.trouble_at > real_now - TROUBLE_FOR
    ]
    return bool(alive), troubles[0] if troubles else ""
