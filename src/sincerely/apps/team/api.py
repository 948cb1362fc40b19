"""The team domain in the API: members, invitations, brands, keys and the audit trail."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from ninja import File, Router, Status, UploadedFile
from ninja.errors import HttpError

from sincerely.apps.team import actions, queries
from sincerely.apps.team.access import actor_of
from sincerely.apps.team.api_auth import Scope
from sincerely.apps.team.forms.brands import logo_of
from sincerely.apps.team.models import APIKey, Brand
from sincerely.apps.team.rules import Capability
from sincerely.apps.team.schemas import (
    BrandIn,
    BrandOut,
    BrandPatch,
    BrandsOut,
    InvitationOut,
    InvitationsOut,
    InviteIn,
    KeyIn,
    KeyOut,
    KeysOut,
    MemberOut,
    MemberPatch,
    MembersOut,
    NewInvitationOut,
    NewKeyOut,
    TrailOut,
)
from sincerely.apps.team.views.members import join_url
from sincerely.wire.clock import now

router = Router(tags=["team"])


@router.get("/members", auth=Scope(Capability.EDIT_TEAM), response=MembersOut)
def list_members(request: HttpRequest) -> dict[str, Any]:
    """Return the members."""
    return {"items": list(queries.members())}


@router.patch("/members/{member_id}", auth=Scope(Capability.EDIT_TEAM), response=MemberOut)
def change_member(request: HttpRequest, member_id: int, given: MemberPatch) -> Any:
    """Give a member another role, shut them out or let them in; somebody stays the owner."""
    if queries.member(member_id) is None:
        raise Http404
    try:
        if given.role is not None:
            actions.change_role(member_id, given.role, now=now(), actor=actor_of(request))
        if given.is_active is not None:
            actions.set_activity(
                member_id, active=given.is_active, now=now(), actor=actor_of(request)
            )
    except actions.LastOwner:
        raise HttpError(409, "This is the only owner. Make somebody else an owner first.") from None
    return queries.member(member_id)


@router.get("/invitations", auth=Scope(Capability.EDIT_TEAM), response=InvitationsOut)
def list_invitations(request: HttpRequest) -> dict[str, Any]:
    """Return the invitations that still work, without their links."""
    return {"items": list(queries.invitations(now()))}


@router.post("/invitations", auth=Scope(Capability.EDIT_TEAM), response={201: NewInvitationOut})
def invite(request: HttpRequest, given: InviteIn) -> Status[dict[str, Any]]:
    """Invite an address; the link is in this answer only, and an earlier one stops working."""
    if queries.member_by_address(given.email):
        raise ValidationError({"email": "A member with this address exists already."})
    secret = actions.invite(given.email, given.role, now=now(), actor=actor_of(request))
    waiting = queries.invitations(now()).filter(email=given.email.lower()).get()
    shown = InvitationOut.from_orm(waiting).dict()
    return Status(201, shown | {"link": join_url(secret)})


@router.delete(
    "/invitations/{invitation_id}", auth=Scope(Capability.EDIT_TEAM), response={204: None}
)
def withdraw_invitation(request: HttpRequest, invitation_id: int) -> Status[None]:
    """Make an invitation useless that nobody has used yet."""
    if not actions.withdraw_invitation(invitation_id, now=now(), actor=actor_of(request)):
        raise Http404
    return Status(204, None)


@router.get("/audit", auth=Scope(Capability.VIEW_AUDIT), response=TrailOut)
def list_trail(
    request: HttpRequest,
    *,
    act: str = "",
    member_id: int | None = None,
    before: int | None = None,
    limit: int = 50,
) -> dict[str, Any]:
    """Return the audit trail, newest first; `next` is the following `before`."""
    limit = max(1, min(limit, 500))
    wanted = queries.TrailFilter(act=act, member_id=member_id)
    rows = queries.trail(wanted, before_id=before, limit=limit + 1)
    return {"items": rows[:limit], "next": rows[limit - 1].pk if len(rows) > limit else None}


@router.get("/brands", auth=Scope(Capability.VIEW), response=BrandsOut)
def list_brands(request: HttpRequest) -> dict[str, Any]:
    """Return the brands, archived ones too."""
    return {"items": list(queries.brands(archived=True))}


@router.get("/brands/{brand_id}", auth=Scope(Capability.VIEW), response=BrandOut)
def get_brand(request: HttpRequest, brand_id: int) -> Any:
    """Return one brand."""
    brand = queries.brand(brand_id)
    if brand is None:
        raise Http404
    return brand


@router.post("/brands", auth=Scope(Capability.EDIT_SETTINGS), response={201: BrandOut})
def make_brand(request: HttpRequest, given: BrandIn) -> Status[Any]:
    """Make a brand; its logo is sent to an address of its own."""
    _name_is_free(given.name)
    values = given.dict()
    return Status(201, actions.create_brand(values, now=now(), actor=actor_of(request)))


@router.patch("/brands/{brand_id}", auth=Scope(Capability.EDIT_SETTINGS), response=BrandOut)
def change_brand(request: HttpRequest, brand_id: int, given: BrandPatch) -> Any:
    """Change what is given; mail that is out stays as it is."""
    if queries.brand(brand_id) is None:
        raise Http404
    if given.name is not None:
        _name_is_free(given.name, except_id=brand_id)
    changes = {name: value for name, value in given.dict().items() if value is not None}
    return actions.edit_brand(brand_id, changes, now=now(), actor=actor_of(request))


@router.get("/brands/{brand_id}/logo", auth=Scope(Capability.VIEW))
def get_logo(request: HttpRequest, brand_id: int) -> HttpResponse:
    """Return the logo as it stands in mails."""
    brand = queries.brand(brand_id)
    if brand is None or not brand.logo:
        raise Http404
    return HttpResponse(bytes(brand.logo), content_type=brand.logo_type)


@router.post("/brands/{brand_id}/logo", auth=Scope(Capability.EDIT_SETTINGS), response=BrandOut)
def set_logo(request: HttpRequest, brand_id: int, logo: File[UploadedFile]) -> Any:
    """Take over a PNG, JPEG, GIF or WebP of up to 3 MB; it is drawn anew as PNG."""
    try:
        drawn = logo_of(logo)
    except ValidationError as refusal:
        raise ValidationError({"logo": refusal.messages}) from None
    return _with_logo(request, brand_id, {"logo": drawn, "logo_type": "image/png"})


@router.delete("/brands/{brand_id}/logo", auth=Scope(Capability.EDIT_SETTINGS), response=BrandOut)
def remove_logo(request: HttpRequest, brand_id: int) -> Any:
    """Take the logo away; mails show the brand's name instead."""
    return _with_logo(request, brand_id, {"logo": None, "logo_type": ""})


@router.post("/brands/{brand_id}/archive", auth=Scope(Capability.EDIT_SETTINGS), response=BrandOut)
def archive_brand(request: HttpRequest, brand_id: int) -> Any:
    """Take a brand out of use."""
    if queries.brand(brand_id) is None:
        raise Http404
    brand = actions.archive_brand(brand_id, now=now(), actor=actor_of(request))
    if brand.archived_at is None:
        raise HttpError(409, "This is the only brand, so it stays.")
    return brand


@router.get("/keys", auth=Scope(Capability.EDIT_SETTINGS), response=KeysOut)
def list_keys(request: HttpRequest) -> dict[str, Any]:
    """Return the keys without their secrets."""
    return {"items": list(queries.api_keys())}


@router.post("/keys", auth=Scope(Capability.EDIT_SETTINGS), response={201: NewKeyOut})
def make_key(request: HttpRequest, given: KeyIn) -> Status[dict[str, Any]]:
    """Make a key for the same member; its secret is in this answer only."""
    maker = _calling_key(request)
    scopes = [scope for scope in given.scopes if scope.value in maker.scopes]
    key, secret = actions.create_key(
        given.name,
        member_id=maker.member_id,
        scopes=scopes,
        now=now(),
        actor=request.auth,  # type: ignore[attr-defined]
    )
    return Status(201, KeyOut.from_orm(key).dict() | {"secret": secret})


@router.delete("/keys/{key_id}", auth=Scope(Capability.EDIT_SETTINGS), response=KeyOut)
def revoke_key(request: HttpRequest, key_id: int) -> Any:
    """Make a key useless from now on."""
    return actions.revoke_key(key_id, now=now(), actor=request.auth)  # type: ignore[attr-defined]


def _with_logo(request: HttpRequest, brand_id: int, changes: dict[str, Any]) -> Brand:
    if queries.brand(brand_id) is None:
        raise Http404
    return actions.edit_brand(brand_id, changes, now=now(), actor=actor_of(request))


def _name_is_free(name: str, *, except_id: int | None = None) -> None:
    if queries.brand_name_is_taken(name, except_id=except_id):
        raise ValidationError({"name": "Another brand has this name."})


def _calling_key(request: HttpRequest) -> APIKey:
    key = queries.key(request.auth.api_key_id)  # type: ignore[attr-defined]
    if key is None:
        raise Http404
    return key
