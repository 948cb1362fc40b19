"""Writes on API keys; the secret is shown once and only its hash is kept."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from sincerely.apps.team.actions.trail import audit
from sincerely.apps.team.models import APIKey, Member
from sincerely.apps.team.rules import KEY_PREFIX, Actor, Capability, hash_secret, may


def create_key(
    name: str, *, member_id: int, scopes: Sequence[Capability], now: datetime, actor: Actor
) -> tuple[APIKey, str]:
    """Store a key of a member and return it with its secret, which nobody can read again.

    A key never reaches further than its member: other scopes are left out.
    """
    secret = KEY_PREFIX + secrets.token_urlsafe(32)
    with transaction.atomic():
        member = Member.objects.get(pk=member_id)
        key = APIKey.objects.create(
            name=name,
            prefix=secret[: len(KEY_PREFIX) + 8],
            secret_hash=hash_secret(secret),
            scopes=[scope.value for scope in scopes if may(member.role, scope)],
            member=member,
            created_at=now,
        )
        audit(
            actor,
            "api_key.created",
            now=now,
            subject=key,
            detail={"name": name, "scopes": key.scopes},
        )
    return key, secret


def revoke_key(key_id: int, *, now: datetime, actor: Actor) -> APIKey:
    """Make a key useless from now on."""
    with transaction.atomic():
        key = APIKey.objects.select_for_update().get(pk=key_id)
        if key.revoked_at is None:
            key.revoked_at = now
            key.save(update_fields=["revoked_at"])
            audit(actor, "api_key.revoked", now=now, subject=key, detail={"name": key.name})
    return key
