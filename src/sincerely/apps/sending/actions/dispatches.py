"""How a mailing leaves: open, pause, resume, cancel, hold; what became unknown."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef

from sincerely.apps.sending.actions.readiness import hold_while_locked
from sincerely.apps.sending.models import Dispatch, Hold, Message, State
from sincerely.apps.team.actions import audit
from sincerely.apps.team.rules import PROGRAM, Actor

SLICE = 2_000


def open_dispatch(
    mailing_id: int,
    *,
    sender_id: int,
    transport_id: int,
    subscription_type_id: int | None,
    now: datetime,
    reply_to: str = "",
    utm: dict[str, Any] | None = None,
    per_hour: int | None = None,
    patient_until: datetime | None = None,
    priority: int = 0,
) -> Dispatch:
    """Say how a mailing leaves; from now on its messages may be planned and claimed.

    Where a real transport is still locked (domain or public address not proven) the mailing waits
    with the reason shown. Called again for the same mailing it changes nothing.
    """
    with transaction.atomic():
        dispatch, is_new = Dispatch.objects.select_related("sender", "transport").get_or_create(
            mailing_id=mailing_id,
            defaults={
                "sender_id": sender_id,
                "transport_id": transport_id,
                "subscription_type_id": subscription_type_id,
                "reply_to": reply_to,
                "utm": utm or {},
                "per_hour": per_hour,
                "patient_until": patient_until,
                "priority": priority,
                "created_at": now,
            },
        )
        if is_new:
            hold_while_locked(dispatch, now=now)
    return dispatch


def pause(mailing_id: int, *, now: datetime, actor: Actor = PROGRAM) -> bool:
    """Stop claiming from a mailing; what is being handed over at this moment still arrives."""
    return _turn(mailing_id, "open", "paused", now=now, actor=actor)


def resume(mailing_id: int, *, now: datetime, actor: Actor = PROGRAM) -> bool:
    """Let a paused mailing go on where it stopped."""
    return _turn(mailing_id, "paused", "open", now=now, actor=actor)


def cancel(mailing_id: int, *, now: datetime, actor: Actor = PROGRAM) -> int:
    """End a mailing: what has not been handed over never leaves. Returns how many were stopped."""
    switch_off(mailing_id, now=now, actor=actor)
    stopped = 0
    while n := _cancel_slice(mailing_id, now):
        stopped += n
    return stopped


def switch_off(mailing_id: int, *, now: datetime, actor: Actor = PROGRAM) -> None:
    """Let nothing of a mailing leave or be planned any more; its messages are ended by `cancel`."""
    with transaction.atomic():
        changed = (
            Dispatch.objects.filter(pk=mailing_id)
            .exclude(state="cancelled")
            .update(state="cancelled")
        )
        if changed and not actor.is_program:
            audit(actor, "mailing.cancelled", now=now, detail={"mailing": mailing_id})


def sweep_cancelled(*, now: datetime) -> int:
    """End messages of cancelled mailings that came back from a sender after the cancel."""
    ended = Dispatch.objects.filter(state="cancelled").filter(
        Exists(
            Message.objects.filter(
                mailing_id=OuterRef("pk"), state__in=[State.PLANNED, State.DEFERRED]
            )
        )
    )
    return sum(_cancel_slice(pk, now) for pk in ended.values_list("pk", flat=True))


def _cancel_slice(mailing_id: int, now: datetime) -> int:
    with transaction.atomic():
        ids = list(
            Message.objects.filter(
                mailing_id=mailing_id, state__in=[State.PLANNED, State.DEFERRED]
            ).values_list("id", flat=True)[:SLICE]
        )
        return Message.objects.filter(id__in=ids, state__in=[State.PLANNED, State.DEFERRED]).update(
            state=State.CANCELLED, finished_at=now, reason=""
        )


def _turn(mailing_id: int, before: str, after: str, *, now: datetime, actor: Actor) -> bool:
    with transaction.atomic():
        turned = Dispatch.objects.filter(pk=mailing_id, state=before).update(state=after)
        if turned and not actor.is_program:
            audit(actor, f"mailing.{after}", now=now, detail={"mailing": mailing_id})
    return bool(turned)


def place_hold(
    *, reason: str, placed_by: str, now: datetime, mailing_id: int | None = None
) -> Hold:
    """Make one mailing wait, or all (None), until the hold is lifted."""
    return Hold.objects.create(
        mailing_id=mailing_id, reason=reason, placed_by=placed_by, placed_at=now
    )


def lift_hold(hold_id: int, *, now: datetime, actor: Actor = PROGRAM) -> bool:
    """Lift a hold; it stays on record."""
    with transaction.atomic():
        lifted = Hold.objects.filter(pk=hold_id, lifted_at=None).update(lifted_at=now)
        if lifted and not actor.is_program:
            audit(actor, "hold.lifted", now=now, detail={"hold": hold_id})
    return bool(lifted)


def repeat_unknown(mailing_id: int, *, now: datetime, actor: Actor) -> int:
    """Send again, under the same Message-ID, what may or may not have arrived (a member's choice).

    The gate looks at each again. Returns how many will be repeated.
    """
    with transaction.atomic():
        n = Message.objects.filter(mailing_id=mailing_id, state=State.UNKNOWN).update(
            state=State.DEFERRED, due_at=now, finished_at=None, reason=""
        )
        audit(actor, "unknown.repeated", now=now, detail={"mailing": mailing_id, "count": n})
    return n


def leave_unknown(mailing_id: int, *, now: datetime, actor: Actor) -> int:
    """Note that a member leaves the unknown ones as they are; returns how many there are.

    They stay listed, and nobody is asked about them again; about later ones people are.
    """
    with transaction.atomic():
        Dispatch.objects.filter(pk=mailing_id).update(unknown_left_at=now)
        n = Message.objects.filter(mailing_id=mailing_id, state=State.UNKNOWN).count()
        audit(actor, "unknown.left", now=now, detail={"mailing": mailing_id, "count": n})
    return n
