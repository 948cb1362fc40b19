"""Login rules for allauth: nobody signs up by themselves; members are invited."""

from __future__ import annotations

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class ClosedSignupAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Keeps the public sign-up closed."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Return False: owners come by the one-time link, others by invitation."""
        return False
