"""Login rules for allauth: nobody signs up by themselves; members are invited."""

from __future__ import annotations

from typing import Any, ClassVar

from allauth.account.adapter import DefaultAccountAdapter
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from sincerely.apps.team.actions.refusals import note_refused_login
from sincerely.wire.clock import now


class ClosedSignupAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Keeps the public sign-up closed, and speaks in our words."""

    error_messages: ClassVar[dict[str, Any]] = {
        **DefaultAccountAdapter.error_messages,
        "account_inactive": _("You are no longer on this team. An owner can take you in again."),
        "email_password_mismatch": _("The address or the password is not right. Try once more."),
        "enter_current_password": _("Type the password that you have now."),
        "incorrect_code": _("This code is not right. Codes change every 30 seconds."),
        "incorrect_password": _("This password is not right."),
        "rate_limited": _("These were many tries in a short time. Wait a minute, then go on."),
        "same_as_current": _("This is the password that you have now. Choose another one."),
        "too_many_login_attempts": _(
            "There were too many tries, so we wait a little. Try again in a few minutes."
        ),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Return False: owners come by the one-time link, others by invitation."""
        return False

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Refuse where there were too many tries, and note it in the audit trail."""
        try:
            super().pre_authenticate(request, **credentials)
        except ValidationError:
            _note(request, credentials, "login.locked", is_counted=False)
            raise

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        """Note in the audit trail who could not log in; what they typed is not kept."""
        _note(request, credentials, "login.refused")


def _note(
    request: HttpRequest, credentials: dict[str, Any], act: str, *, is_counted: bool = True
) -> None:
    note_refused_login(
        str(credentials.get("email", "")),
        act,
        now=now(),
        ip=request.META.get("REMOTE_ADDR") or None,
        is_counted=is_counted,
    )
