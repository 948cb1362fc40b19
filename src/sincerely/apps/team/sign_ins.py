"""What members do at the door, into the audit trail: login, two-step login, their password."""

from __future__ import annotations

from typing import Any

from allauth.account.signals import password_changed, user_logged_in
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import (
    authentication_failed,
    authenticator_added,
    authenticator_removed,
    authenticator_reset,
    authenticator_used,
)
from django.contrib.auth.signals import user_logged_out
from django.http import HttpRequest

from sincerely.apps.team.actions.refusals import note_refused_login
from sincerely.apps.team.actions.trail import audit
from sincerely.apps.team.models import Member
from sincerely.apps.team.rules import Actor
from sincerely.wire.clock import now

TOTP, CODES = Authenticator.Type.TOTP.value, Authenticator.Type.RECOVERY_CODES.value
PLAIN = (
    (user_logged_in, "member.logged_in"),
    (user_logged_out, "member.logged_out"),
    (password_changed, "member.password_changed"),
)
OF_TWO_STEPS = (
    (authenticator_added, TOTP, "member.two_step_on"),
    (authenticator_removed, TOTP, "member.two_step_off"),
    (authenticator_added, CODES, "member.recovery_codes_made"),
    (authenticator_reset, CODES, "member.recovery_codes_made"),
    (authenticator_used, CODES, "member.recovery_code_used"),
)


def connect() -> None:
    """Listen to what allauth says; called once, when the domain is ready."""
    for signal, act in PLAIN:
        signal.connect(_listener(act), weak=False, dispatch_uid=act)
    authentication_failed.connect(_wrong_code, weak=False, dispatch_uid="login.code_refused")
    for signal, kind, act in OF_TWO_STEPS:
        signal.connect(_listener(act, kind=kind), weak=False, dispatch_uid=act)


def _wrong_code(request: HttpRequest, user: Any = None, **given: Any) -> None:
    ip = request.META.get("REMOTE_ADDR") or None
    note_refused_login(user.email, "login.code_refused", now=now(), ip=ip)


def _listener(act: str, *, kind: str = "") -> Any:
    def note(request: HttpRequest | None = None, user: Any = None, **given: Any) -> None:
        if not isinstance(user, Member):  # nobody was logged in
            return
        if kind and given["authenticator"].type != kind:
            return
        ip = request.META.get("REMOTE_ADDR") if request else None
        audit(Actor(member_id=user.pk, ip=ip or None), act, now=now(), subject=user)

    return note
