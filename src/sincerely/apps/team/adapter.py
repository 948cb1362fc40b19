"""Login rules for allauth: nobody signs up by themselves; members are invited."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from sincerely.apps.team.actions.refusals import note_refused_login
from sincerely.wire.clock import now


class ClosedSignupAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Keeps the public sign-up closed."""

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
