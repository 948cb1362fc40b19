"""Why a mailing that is on its way does not move, holds apart: what its page says.

Whatever it is, the sender goes on by itself; the page only spares people the guessing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sincerely.apps.operation import storage
from sincerely.apps.operation.queries import SILENT, heartbeats, state_of
from sincerely.apps.sending.models import Dispatch, Message, State
from sincerely.apps.sending.queries.dispatches import waiting_because
from sincerely.apps.sending.queries.pace import due_between

SENDER = "sender"
TROUBLE_FOR = timedelta(seconds=30)  # what lasts is noted anew with each sign of life
LATE_AFTER = timedelta(seconds=12)  # a sign of life is missing


@dataclass(frozen=True, slots=True)
class Waiting:
    """The reasons, each empty where it does not apply.

    `server_says`: the last words of a receiving server that refuses sessions. `next_at`: nothing is
    due before. `obstacle`: why the database cannot be written, `full` or `locked`. `is_stuck`: a
    sender meets another error again and again. `paced_by`: whose rate per hour it waits for until
    `next_at`, the `campaign`'s own or the `transport`'s.
    """

    server_says: str = ""
    next_at: datetime | None = None
    has_sender: bool = True
    obstacle: str = ""
    is_stuck: bool = False
    paced_by: str = ""


def waiting(mailing_id: int, *, now: datetime, real_now: datetime) -> Waiting:
    """Return why a mailing waits; signs of life are in real time, mail is due in business time."""
    dispatch = Dispatch.objects.select_related("transport").filter(pk=mailing_id).first()
    if dispatch is None or dispatch.state != "open" or waiting_because(mailing_id):
        return Waiting()
    open_ones = Message.objects.filter(mailing_id=mailing_id)
    is_moving = open_ones.filter(state__in=[State.CLAIMED, State.DIALLING]).exists()
    first_at, _last_at = due_between(mailing_id)
    if first_at is None and not is_moving:
        return Waiting()
    ends = [(first_at, ""), (dispatch.paced_until, "campaign")]
    ends += [(dispatch.transport.paced_until, "transport")]
    later = [(at, why) for at, why in ends if at is not None and at > now]
    is_put_off = first_at is not None and not is_moving and bool(later)
    next_at, paced_by = max(later) if is_put_off else (None, "")
    has_sender, is_stuck, obstacle = _sender(real_now)
    return Waiting(
        server_says=dispatch.transport.trouble_words,
        next_at=next_at,
        paced_by=paced_by,
        has_sender=has_sender or bool(obstacle),
        obstacle=obstacle,
        is_stuck=is_stuck and not obstacle,
    )


def _sender(real_now: datetime) -> tuple[bool, bool, str]:
    """Return whether a sender lives, whether one is in trouble, and what the database is."""
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
    is_late = not any(beat.seen_at > real_now - LATE_AFTER for beat in alive)
    obstacle = next(filter(None, map(storage.named, troubles)), "") or storage.obstacle(
        is_suspected=is_late or bool(troubles)
    )
    return bool(alive), bool(troubles), obstacle
