"""The team domain in the API: members and brands to read, keys to make and revoke."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest
from ninja import Router, Status

from sincerely.apps.team import actions, queries
from sincerely.apps.team.api_auth import Scope
from sincerely.apps.team.models import APIKey
from sincerely.apps.team.rules import Capability
from sincerely.apps.team.schemas import (
    BrandOut,
    BrandsOut,
    KeyIn,
    KeyOut,
    KeysOut,
    MembersOut,
    NewKeyOut,
)
from sincerely.wire.clock import now

router = Router(tags=["team"])


@router.get("/members", auth=Scope(Capability.EDIT_TEAM), response=MembersOut)
def list_members(request: HttpRequest) -> dict[str, Any]:
    """Return the members."""
    return {"items": list(queries.members())}


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


def _calling_key(request: HttpRequest) -> APIKey:
    key = queries.key(request.auth.api_key_id)  # type: ignore[attr-defined]
    if key is None:
        raise Http404
    return key
