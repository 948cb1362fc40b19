"""One-time links: the first owner, an invitation, a new password. Only hashes are stored.

The product never mails these links itself: they are shown to the person who asked for them, so
that a team can start before any mail leaves, and a stolen mailbox is no way in.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

from django.db import transaction

from sincerely.apps.team.actions.trail import audit
from sincerely.apps.team.models import Member, SetUpToken
from sincerely.apps.team.queries import invitations
from sincerely.apps.team.rules import INVITATION_VALID, LINK_VALID, PROGRAM, Actor, Role


class LinkSpent(Exception):
    """The link was used before, has run out, or never existed."""


def hash_token(secret: str) -> bytes:
    """Return what is stored of a link; links are random, so a plain hash is enough."""
    return hashlib.sha256(secret.encode()).digest()


def issue_owner_link(*, now: datetime) -> str:
    """Return a fresh secret for creating an owner, for one hour; earlier ones stop working."""
    with transaction.atomic():
        SetUpToken.objects.filter(role=Role.OWNER, email="", used_at=None).delete()
        return _issue(Role.OWNER, "", valid=LINK_VALID, now=now)


def invite(email: str, role: Role, *, now: datetime, actor: Actor) -> str:
    """Return a fresh secret by which this address may join with this role, for seven days."""
    address = email.strip().lower()
    with transaction.atomic():
        SetUpToken.objects.filter(email=address, used_at=None).delete()
        secret = _issue(role, address, valid=INVITATION_VALID, now=now)
        audit(actor, "member.invited", now=now, detail={"address": address, "role": role.value})
    return secret


def withdraw_invitation(invitation_id: int, *, now: datetime, actor: Actor) -> bool:
    """Make an invitation useless; False where it is none, or it works no longer."""
    with transaction.atomic():
        token = invitations(now).select_for_update().filter(pk=invitation_id).first()
        if token is None:
            return False
        token.delete()
        detail = {"address": token.email, "role": token.role}
        audit(actor, "member.invitation_withdrawn", now=now, detail=detail)
    return True


def issue_password_link(member_id: int, *, now: datetime, actor: Actor = PROGRAM) -> str:
    """Return a fresh secret by which a member sets a new password, for one hour."""
    with transaction.atomic():
        member = Member.objects.select_for_update().get(pk=member_id, is_active=True)
        SetUpToken.objects.filter(email=member.email, used_at=None).delete()
        secret = _issue(Role(member.role), member.email, valid=LINK_VALID, now=now)
        audit(actor, "member.password_link", now=now, subject=member)
    return secret


def join(
    secret: str, *, now: datetime, password: str, name: str, email: str = "", language: str = "en"
) -> Member:
    """Spend the link and return its member, new or with a new password.

    The link decides on the role, and an invitation on the address. Raises LinkSpent.
    """
    with transaction.atomic():
        token = SetUpToken.objects.filter(token_hash=hash_token(secret)).first()
        spent = SetUpToken.objects.filter(
            token_hash=hash_token(secret), used_at=None, expires_at__gt=now
        ).update(used_at=now)
        if token is None or not spent:
            raise LinkSpent
        member = Member.objects.filter(email=token.email or email.strip().lower()).first()
        if member is None:
            member = Member.objects.create_user(
                token.email or email,
                password,
                name=name,
                role=token.role,
                language=language,
                created_at=now,
            )
            act = "member.joined"
        elif token.email and member.is_active:
            member.set_password(password)
            member.save(update_fields=["password"])
            act = "member.password_set"
        else:
            raise LinkSpent
        audit(Actor(member_id=member.pk), act, now=now, subject=member)
    return member


def _issue(role: Role, email: str, *, valid: timedelta, now: datetime) -> str:
    secret = secrets.token_urlsafe(32)
    SetUpToken.objects.create(
        token_hash=hash_token(secret), role=role.value, email=email, expires_at=now + valid
    )
    return secret
