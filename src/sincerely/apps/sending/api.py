"""The JSON API of sending: senders, transports, the messages of a mailing."""

from __future__ import annotations

from typing import Annotated

from django.core.exceptions import ValidationError
from django.http import HttpRequest
from ninja import Router, Status
from ninja.errors import HttpError
from pydantic import Field

from sincerely.apps.consent.queries import subscription_types
from sincerely.apps.sending.actions import lift_hold
from sincerely.apps.sending.actions import senders as sender_actions
from sincerely.apps.sending.actions import transports as transport_actions
from sincerely.apps.sending.actions.limits import set_restraint
from sincerely.apps.sending.models import Hold, Message, SenderIdentity, Transport
from sincerely.apps.sending.queries import (
    holds,
    is_finished,
    locked_because,
    tally,
    waiting_because,
)
from sincerely.apps.sending.queries import senders as queries
from sincerely.apps.sending.queries.messages import messages_page
from sincerely.apps.sending.queries.restraint import stored
from sincerely.apps.sending.rules.no_reply import is_no_reply
from sincerely.apps.sending.rules.pressure import ALL_TYPES, Limit
from sincerely.apps.sending.rules.quiet import Quiet
from sincerely.apps.sending.schemas import (
    HoldOut,
    LimitIn,
    MessagePage,
    Restraints,
    SenderIn,
    SenderOut,
    TallyOut,
    TransportIn,
    TransportOut,
)
from sincerely.apps.team.access import actor_of
from sincerely.apps.team.api_auth import Scope
from sincerely.apps.team.rules import Capability
from sincerely.wire import clock
from sincerely.wire.dns import SystemResolver
from sincerely.wire.providers import known

router = Router(tags=["sending"])


def _transport(transport: Transport) -> TransportOut:
    sender = queries.default_sender()
    names = [name for name in TransportOut.model_fields if name != "locks"]
    locks = [str(words) for words in locked_because(sender, transport)] if sender else []
    return TransportOut(**{name: getattr(transport, name) for name in names}, locks=locks)


@router.get("/senders", response=list[SenderOut], auth=Scope(Capability.VIEW))
def list_senders(request: HttpRequest) -> list[SenderIdentity]:
    """List the senders, the default first."""
    return queries.senders()


@router.post("/senders", response={201: SenderOut}, auth=Scope(Capability.EDIT_SETTINGS))
def create_sender(request: HttpRequest, payload: SenderIn) -> Status[SenderIdentity]:
    """Create a sender with a DKIM key of its own; a no-reply address is refused."""
    if is_no_reply(payload.address) or is_no_reply(payload.reply_to):
        raise HttpError(422, "People cannot answer this address: choose a real mailbox.")
    if payload.brand_id not in dict(queries.brand_choices()):
        raise HttpError(422, "There is no such brand.")
    sender = sender_actions.create_sender(
        **payload.dict(), now=clock.now(), actor=actor_of(request)
    )
    return Status(201, sender)


@router.post("/senders/{sender_id}/check", response=SenderOut, auth=Scope(Capability.EDIT_SETTINGS))
def check_sender(request: HttpRequest, sender_id: int) -> SenderIdentity:
    """Look up SPF, DKIM, DMARC and MX now."""
    if queries.sender(sender_id) is None:
        raise HttpError(404, "There is no such sender.")
    return sender_actions.check_sender(sender_id, resolver=SystemResolver(), now=clock.now())


@router.get("/transports", response=list[TransportOut], auth=Scope(Capability.VIEW))
def list_transports(request: HttpRequest) -> list[TransportOut]:
    """List the transports with what still locks mailing contacts through them."""
    return [_transport(transport) for transport in queries.transports()]


@router.post("/transports", response={201: TransportOut}, auth=Scope(Capability.EDIT_SETTINGS))
def create_transport(request: HttpRequest, payload: TransportIn) -> Status[TransportOut]:
    """Create a transport; its secret is stored encrypted and never given back."""
    if any(known.name == payload.name for known in queries.transports()):
        raise HttpError(409, "There is a transport of this name.")
    if payload.kind == "provider" and payload.provider not in known():
        raise ValidationError({"provider": f"One of: {', '.join(known())}."})
    values = payload.dict()
    secret = values.pop("secret")
    transport = transport_actions.save_transport(
        None, values=values, secret=secret, now=clock.now(), actor=actor_of(request)
    )
    return Status(201, _transport(transport))


@router.get("/mailings/{mailing_id}/tally", response=TallyOut, auth=Scope(Capability.VIEW))
def mailing_tally(request: HttpRequest, mailing_id: int) -> TallyOut:
    """Count the messages of a mailing by state and reason."""
    found = tally(mailing_id)
    return TallyOut(
        by_state=found.by_state,
        by_reason=found.by_reason,
        waiting_by_reason=found.waiting_by_reason,
        is_finished=is_finished(mailing_id),
        waiting_because=waiting_because(mailing_id),
    )


@router.get("/mailings/{mailing_id}/messages", response=MessagePage, auth=Scope(Capability.VIEW))
def mailing_messages(
    request: HttpRequest,
    mailing_id: int,
    *,
    state: str = "",
    after: int = 0,
    limit: Annotated[int, Field(ge=1, le=500)] = 100,
) -> dict[str, list[Message] | int | None]:
    """List messages of a mailing, by state if wanted, after an id."""
    items = messages_page(mailing_id, state=state, after=after, limit=limit)
    return {"items": items, "next": items[-1].pk if len(items) == limit else None}


@router.get("/holds", response=list[HoldOut], auth=Scope(Capability.VIEW))
def list_holds(request: HttpRequest) -> list[Hold]:
    """List what is held until a member releases it, the oldest first."""
    return holds()


@router.post("/holds/{hold_id}/release", response={204: None}, auth=Scope(Capability.SEND))
def release_hold(request: HttpRequest, hold_id: int) -> Status[None]:
    """Let a held mailing go on where it stopped."""
    if hold_id not in {hold.pk for hold in holds()}:
        raise HttpError(404, "There is no such hold.")
    lift_hold(hold_id, now=clock.now(), actor=actor_of(request))
    return Status(204, None)


@router.get("/limits", response=Restraints, auth=Scope(Capability.VIEW))
def show_limits(request: HttpRequest) -> Restraints:
    """Return the caps and the quiet hours."""
    found = stored()
    if found is None:
        return Restraints()
    return Restraints(
        limits=[
            LimitIn(
                subscription_type_id=limit.subscription_type_id or None,
                most=limit.most,
                days=limit.days,
                gap_hours=limit.gap_hours,
            )
            for limit in found.limits
        ],
        quiet_begins=found.quiet.begins if found.quiet else None,
        quiet_ends=found.quiet.ends if found.quiet else None,
    )


@router.put("/limits", response=Restraints, auth=Scope(Capability.SEND))
def change_limits(request: HttpRequest, payload: Restraints) -> Restraints:
    """Set all caps and the quiet hours anew; what is left out holds nothing back."""
    numbers = [limit.subscription_type_id or ALL_TYPES for limit in payload.limits]
    known = {ALL_TYPES, *(kind.pk for kind in subscription_types())}
    if len(set(numbers)) < len(numbers) or set(numbers) - known:
        raise HttpError(422, "Give one limit at most for all mail and for each subscription type.")
    begins, ends = payload.quiet_begins, payload.quiet_ends
    if (begins is None) != (ends is None) or (begins is not None and begins == ends):
        raise HttpError(422, "Quiet hours need a beginning and an end that differ.")
    set_restraint(
        [
            Limit(number, limit.most, limit.days, limit.gap_hours)
            for number, limit in zip(numbers, payload.limits, strict=True)
        ],
        quiet=Quiet(begins, ends) if begins is not None and ends is not None else None,
        now=clock.now(),
        actor=actor_of(request),
    )
    return show_limits(request)
