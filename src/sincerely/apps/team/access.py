"""Guards for views: who is asking, and may they? Every page and endpoint uses one of these."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase

from sincerely.apps.team.models import Member
from sincerely.apps.team.rules import Actor, Capability, may

View = Callable[..., HttpResponseBase]


def member_of(request: HttpRequest) -> Member:
    """Return the member who is logged in; only call it behind `requires`."""
    member = request.user
    if not isinstance(member, Member):
        raise PermissionDenied
    return member


def actor_of(request: HttpRequest) -> Actor:
    """Return who acts in this request, with the address they come from."""
    member = request.user if isinstance(request.user, Member) else None
    return Actor(
        member_id=member.pk if member else None,
        api_key_id=getattr(request, "api_key_id", None),
        ip=request.META.get("REMOTE_ADDR") or None,
    )


def requires(capability: Capability) -> Callable[[View], View]:
    """Let in members whose role permits the capability; others log in or get 403."""

    def guard(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            if not may(member_of(request).role, capability):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        guarded.capability = capability  # type: ignore[attr-defined]
        return guarded

    return guard
