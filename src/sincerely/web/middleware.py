"""The reader's address, the member's language and zone, the set-up while nobody is owner."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpRequest, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone, translation

from sincerely.apps.team.models import Member
from sincerely.apps.team.queries import has_owner
from sincerely.web.errors import API, bad_request
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


class ZeroByteMiddleware:
    """Keeps zero bytes out: SQLite would store one, PostgreSQL breaks at it.

    Nobody looks for one, so it is left out of a query; a form that holds one is refused. The API
    reads what it gets as strictly by itself (wire/strict_json.py).
    """

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer 400 where one stands in a form or a path; files may hold what they like."""
        if request.path.startswith(API):
            return self.get_response(request)
        if "%00" in request.META.get("QUERY_STRING", ""):
            request.META["QUERY_STRING"] = query = _without_zeroes(request.GET)
            request.GET = QueryDict(query)
        if "\x00" in request.path or any("\x00" in text for text in _texts(request.POST)):
            return bad_request(request)
        return self.get_response(request)


def _without_zeroes(given: QueryDict) -> str:
    kept = QueryDict(mutable=True)
    for name, values in given.lists():
        kept.setlist(name.replace("\x00", ""), [value.replace("\x00", "") for value in values])
    return kept.urlencode()


def _texts(given: QueryDict) -> Iterator[str]:
    for name, values in given.lists():
        yield name
        yield from (value for value in values if isinstance(value, str))


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
