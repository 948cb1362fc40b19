"""The JSON API of subscription types, consent and suppression.

A permit through the API needs the origin of the permission. It never brings back somebody who
withdrew: only the contact's own newer act does.
"""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.http import HttpRequest
from ninja import Router, Status
from ninja.errors import HttpError

from sincerely.apps.consent import actions, queries
from sincerely.apps.consent.models import Channel, Evidence, SubscriptionType, SuppressionReason
from sincerely.apps.consent.rules.proof import Proof
from sincerely.apps.consent.schemas import (
    LiftIn,
    PermitIn,
    RecordOut,
    StandingOut,
    StateOut,
    SuppressIn,
    SuppressionOut,
    SuppressionPage,
    TypeIn,
    TypeOut,
    WithdrawIn,
    WithdrawOut,
    record_out,
    suppression_out,
)
from sincerely.apps.contacts import queries as contacts
from sincerely.apps.contacts.models import Contact
from sincerely.apps.contacts.rules.addresses import BadAddress, masked, parse_address
from sincerely.apps.team.access import actor_of
from sincerely.apps.team.api_auth import Scope
from sincerely.apps.team.rules import Capability
from sincerely.wire import clock

router = Router(tags=["consent"])
VIEW, EDIT = Scope(Capability.VIEW), Scope(Capability.EDIT_CONSENT)
MAX_PAGE = 500


def _contact(contact_id: int) -> Contact:
    found = contacts.contact(contact_id)
    if found is None:
        raise HttpError(404, "There is no contact with this id.")
    return found


def _type(type_id: int) -> SubscriptionType:
    found = queries.subscription_type(type_id)
    if found is None or found.archived_at:
        raise HttpError(404, "There is no subscription type with this id.")
    return found


def _standing(contact: Contact) -> StandingOut:
    standing = queries.standing_of(contact.pk, address_key=bytes(contact.address_key))
    return StandingOut(
        contact_id=contact.pk,
        is_mailable=standing.is_mailable,
        types=[
            StateOut.model_validate(
                {
                    "subscription_type_id": kind.subscription_type.pk,
                    "state": kind.state,
                    "since": kind.permission.since if kind.permission else None,
                }
            )
            for kind in standing.types
        ],
        opted_out_of_all_since=standing.opt_out.since if standing.opt_out else None,
        suppressed_for=[str(row.reason) for row in standing.suppressions],
    )


@router.get("/types", auth=VIEW, response=list[TypeOut], summary="Subscription types")
def list_types(request: HttpRequest) -> list[TypeOut]:
    """Return every subscription type, archived ones too."""
    return [TypeOut.from_orm(row) for row in queries.subscription_types(archived=True)]


@router.post("/types", auth=EDIT, response={201: TypeOut}, summary="Make a subscription type")
def create_type(request: HttpRequest, *, given: TypeIn) -> Status[TypeOut]:
    """Store a subscription type."""
    if queries.type_named(given.name):
        raise HttpError(409, "There is a subscription type with this name already.")
    row = actions.create_type(
        given.name,
        description=given.description,
        promised_per_month=given.promised_per_month,
        note=given.note,
        now=clock.now(),
        actor=actor_of(request),
    )
    return Status(201, TypeOut.from_orm(row))


@router.delete("/types/{type_id}", auth=EDIT, response={204: None}, summary="Delete a type")
def delete_type(request: HttpRequest, *, type_id: int) -> Status[None]:
    """Delete a type under which nothing stands; the default one stays."""
    if queries.subscription_type(type_id) is None:
        raise HttpError(404, "There is no subscription type with this id.")
    try:
        actions.delete_type(type_id, now=clock.now(), actor=actor_of(request))
    except actions.TypeInUse as problem:
        raise HttpError(409, "This type is in use, or the default one.") from problem
    return Status(204, None)


@router.get("/contacts/{contact_id}", auth=VIEW, response=StandingOut, summary="May we mail them?")
def standing(request: HttpRequest, *, contact_id: int) -> StandingOut:
    """Return all that stands for and against mailing a contact."""
    return _standing(_contact(contact_id))


@router.get(
    "/contacts/{contact_id}/records", auth=VIEW, response=list[RecordOut], summary="History"
)
def records(request: HttpRequest, *, contact_id: int) -> list[RecordOut]:
    """Return a contact's consent records with their evidence, newest first."""
    return [record_out(row) for row in queries.records_of(_contact(contact_id).pk)]


@router.post("/permits", auth=EDIT, response={201: StandingOut}, summary="Record a permission")
def permit(request: HttpRequest, *, given: PermitIn) -> Status[StandingOut]:
    """Record what a contact agreed to, with its origin; returns how they stand afterwards."""
    now = clock.now()
    contact, kind = _contact(given.contact_id), _type(given.subscription_type_id)
    if not (given.wording.strip() or given.document.strip()):
        raise HttpError(422, "Say where the permission comes from: a wording or a document.")
    if given.at is not None and (given.at.tzinfo is None or given.at > now):
        raise HttpError(422, "The time of the permission must have a zone and be past.")
    shown = actions.wording(given.wording, now=now) if given.wording.strip() else None
    actions.permit(
        contact.pk,
        subscription_type_id=kind.pk,
        channel=Channel.API,
        evidence=Evidence.DOUBLE if given.evidence == "double" else Evidence.SINGLE,
        proof=Proof(
            address=contact.address,
            ip=given.ip,
            user_agent=given.user_agent,
            document=given.document,
            wording_hash=bytes(shown.text_hash).hex() if shown else "",
        ),
        at=given.at,
        wording_id=shown.pk if shown else None,
        now=now,
        actor=actor_of(request),
    )
    return Status(201, _standing(contact))


@router.post("/withdrawals", auth=EDIT, response=WithdrawOut, summary="Record a withdrawal")
def withdraw(request: HttpRequest, *, given: WithdrawIn) -> WithdrawOut:
    """Record that a contact no longer wants a kind of mail, or any marketing mail."""
    record = actions.withdraw(
        _contact(given.contact_id).pk,
        subscription_type_id=given.subscription_type_id and _type(given.subscription_type_id).pk,
        channel=Channel.API,
        cause=given.cause,
        now=clock.now(),
        actor=actor_of(request),
    )
    return WithdrawOut(is_new=record is not None)


@router.get("/suppressions", auth=VIEW, response=SuppressionPage, summary="Suppressed addresses")
def suppressions(
    request: HttpRequest, *, after: int = 0, limit: int = 100, address: str = ""
) -> SuppressionPage:
    """Return active suppressions, newest first, or all of one address."""
    if address:
        found = queries.search_suppressions(address)
        return SuppressionPage(items=[suppression_out(row) for row in found], next=None)
    limit = max(1, min(limit, MAX_PAGE))
    rows = queries.suppressions_page(before=after, limit=limit)
    last = rows[-1].pk if len(rows) == limit else None
    return SuppressionPage(items=[suppression_out(row) for row in rows], next=last)


@router.post("/suppressions", auth=EDIT, response={201: SuppressionOut}, summary="Suppress")
def suppress(request: HttpRequest, *, given: SuppressIn) -> Status[SuppressionOut]:
    """Make an address unmailable; it need not be a contact's."""
    try:
        parsed = parse_address(given.address)
    except BadAddress as problem:
        raise ValidationError({"address": [problem.reason]}) from problem
    row = actions.suppress(
        contacts.address_key(given.address),
        reason=SuppressionReason.MANUAL,
        masked=masked(parsed.address),
        detail=given.detail,
        now=clock.now(),
        actor=actor_of(request),
    )
    return Status(201, suppression_out(row))


@router.post("/suppressions/{suppression_id}/lift", auth=EDIT, response=SuppressionOut)
def lift(request: HttpRequest, *, suppression_id: int, given: LiftIn) -> SuppressionOut:
    """End a suppression, with the reason why."""
    row = actions.lift_suppression(
        suppression_id, note=given.note, now=clock.now(), actor=actor_of(request)
    )
    if row is None:
        raise HttpError(404, "There is no active suppression with this id.")
    return suppression_out(row)
