"""The reader's address, the member's language and zone, the set-up while nobody is owner."""

from __future__ import annotations

from collections.abc import Callable
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone, translation

from sincerely.apps.team.models import Member
from sincerely.apps.team.queries import has_owner
from sincerely.wire.peers import address_of

Next = Callable[[HttpRequest], HttpResponseBase]


class ReaderAddressMiddleware:
    """See the reader behind the reverse proxy, where the audit trail and login limits look.

    Without it all members would share the proxy's address, and one who mistypes a password would
    lock the others out.
    """

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Believe X-Forwarded-For as far as trusted proxies wrote it."""
        given = request.META
        request.META["REMOTE_ADDR"] = address_of(
            f"{given.get('REMOTE_ADDR', '')}:0",
            given.get("HTTP_X_FORWARDED_FOR"),
            tuple(settings.TRUSTED_PROXIES),
        )
        return self.get_response(request)


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


OPEN_BEFORE_SET_UP = ("/set-up/", "/join/", "/static/", "/api/", "/p/", "/i/")


class SetUpMiddleware:
    """Says 'not set up yet' to everybody while nobody owns the installation."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer the request; members are never asked about, so their pages cost nothing."""
        is_open = request.path.startswith(OPEN_BEFORE_SET_UP)
        if request.user.is_authenticated or is_open or has_owner():
            return self.get_response(request)
        return render(request, "web/set_up/not_yet.html", status=503)
