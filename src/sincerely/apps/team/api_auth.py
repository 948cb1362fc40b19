"""Authentication of API requests: a bearer key whose scopes cover the operation."""

from __future__ import annotations

from django.http import HttpRequest
from ninja.errors import HttpError
from ninja.security import HttpBearer

from sincerely.apps.team.models import APIKey
from sincerely.apps.team.rules import Actor, Capability, hash_secret, may
from sincerely.wire.clock import now


class Scope(HttpBearer):
    """Lets only keys with this capability call an operation: `auth=Scope(Capability.SEND)`."""

    def __init__(self, capability: Capability) -> None:
        super().__init__()
        self.capability = capability

    def authenticate(self, request: HttpRequest, token: str) -> Actor | None:
        """Return the actor (also set as `request.auth`), None for 401; raises 403 for a scope."""
        key = (
            APIKey.objects.select_related("member")
            .filter(secret_hash=hash_secret(token), revoked_at=None, member__is_active=True)
            .first()
        )
        if key is None:
            return None
        today = now().date()
        if key.last_used_on != today:  # one write a day, not one a request
            APIKey.objects.filter(pk=key.pk).update(last_used_on=today)
        if self.capability.value not in key.scopes or not may(key.member.role, self.capability):
            raise HttpError(403, f"This key lacks the scope '{self.capability.value}'.")
        request.api_key_id = key.pk  # type: ignore[attr-defined]
        return Actor(api_key_id=key.pk, ip=request.META.get("REMOTE_ADDR") or None)
