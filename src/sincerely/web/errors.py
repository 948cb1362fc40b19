"""Error pages: what happened, that nothing was lost, what to do. Programs get JSON."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from sincerely.apps.team.actions.refusals import note_refused_login
from sincerely.wire.clock import now

API = "/api/"
WORDS: dict[int, tuple[Promise, Promise, Promise, str]] = {
    400: (
        _("That did not work"),
        _("The request was not complete, or it came from a page that stood open for too long."),
        _("Nothing was changed. Go back, load the page anew and try once more."),
        "bad_request",
    ),
    403: (
        _("This page is not for your role"),
        _("Your role on the team does not include this."),
        _("Nothing was changed. An owner of this installation can give you another role."),
        "forbidden",
    ),
    404: (
        _("There is nothing here"),
        _("The address may have a slip in it, or the thing was taken away."),
        _("Nothing was lost. Search for it, or begin again at Home."),
        "not_found",
    ),
    429: (
        _("Too many tries"),
        _("There were many tries from where you are in a short time, so we wait a little."),
        _("Nothing was changed. Try again in a few minutes."),
        "too_many_requests",
    ),
    500: (
        _("Something broke on our side"),
        _("The error was written down for whoever looks after this installation."),
        _("Nothing half-done was kept. Try again in a minute."),
        "server_error",
    ),
}


def _answer(request: HttpRequest, status: int) -> HttpResponse:
    title, happened, advice, code = WORDS[status]
    if request.path.startswith(API):
        error = {"code": code, "message": f"{title}. {happened}", "fields": {}}
        return JsonResponse({"error": error}, status=status)
    context = {"status": status, "title": title, "happened": happened, "advice": advice}
    if status == 500:  # without the request: what broke may be what every page's frame reads
        return HttpResponse(render_to_string("web/error.html", context), status=status)
    return render(request, "web/error.html", context, status=status)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer 400."""
    return _answer(request, 400)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer 403."""
    return _answer(request, 403)


def stale_form(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form whose token does not fit (it is forged, or the page is too old) with 403."""
    title, happened, advice, _code = WORDS[400]
    context = {"status": 403, "title": title, "happened": happened, "advice": advice}
    return render(request, "web/error.html", context, status=403)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer 404."""
    return _answer(request, 404)


def too_many(request: HttpRequest) -> HttpResponse:
    """Answer 429; at the door it goes into the audit trail, as every refused login does."""
    if request.method == "POST" and "login" in request.POST:
        note_refused_login(
            request.POST["login"],
            "login.locked",
            now=now(),
            ip=request.META.get("REMOTE_ADDR") or None,
            is_counted=False,
        )
    return _answer(request, 429)


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer 500."""
    return _answer(request, 500)
