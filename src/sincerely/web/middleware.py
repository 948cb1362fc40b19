"""The member's language and time zone, and the way to the set-up while there is no owner."""

from __future__ import annotations

from collections.abc import Callable
from zoneinfo import ZoneInfo

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone, translation

from sincerely.apps.team.models import Member

Next = Callable[[HttpRequest], HttpResponseBase]


class MemberLanguageMiddleware:
    """Speak the member's language and show times in the member's zone."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Activate language and zone for this request only."""
        member = request.user if isinstance(request.user, Member) else None
        if member is None:
            return self.get_response(request)
        zone = timezone.override(ZoneInfo(member.time_zone or "Europe/Amsterdam"))
        with translation.override(member.language), zone:
            request.LANGUAGE_CODE = member.language
            return self.get_response(request)


class SetUpMiddleware:
    """Passes requests on; the set-up pages decide for themselves."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer the request."""
        return self.get_response(request)
