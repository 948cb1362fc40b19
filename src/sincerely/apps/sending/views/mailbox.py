"""The test mailbox: every mail it got, read and clicked as the contact."""

from __future__ import annotations

from typing import Any

from csp.decorators import csp_replace
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_POST

from sincerely.apps.sending.actions.simulate import simulate
from sincerely.apps.sending.queries import mailbox as queries
from sincerely.apps.sending.queries.mailbox import Opened
from sincerely.apps.team.access import requires
from sincerely.apps.team.rules import Capability
from sincerely.wire import clock
from sincerely.wire.row_numbers import row_number

PAGE = 50
MODES = ("html", "text", "source", "headers")


def found(mail_id: int) -> Opened:
    """Return the mail or answer 404."""
    mail = queries.open_mail(mail_id)
    if mail is None:
        raise Http404
    return mail


@requires(Capability.VIEW)
def index(request: HttpRequest) -> HttpResponse:
    """List the newest mail, searchable by recipient; keyset paging."""
    before = request.GET.get("before", "")
    recipient = request.GET.get("q", "").strip()
    rows = queries.mail_page(before=row_number(before) or 0, recipient=recipient, limit=PAGE)
    following = ""
    if len(rows) > PAGE:
        query = request.GET.copy()
        query["before"] = str(rows[PAGE - 1].id)
        following = f"?{query.urlencode()}"
    context = {"rows": rows[:PAGE], "q": recipient, "next": following}
    return render(request, "sending/mailbox.html", context)


@requires(Capability.VIEW)
def one(request: HttpRequest, mail_id: int) -> HttpResponse:
    """Show one mail; its opening is noted by the page itself, by POST."""
    mail = found(mail_id)
    mode = request.GET.get("mode", "html")
    context: dict[str, Any] = {
        "mail": mail,
        "row": mail.row,
        "mode": mode if mode in MODES else "html",
        "modes": [
            ("html", _("As it looks")),
            ("text", _("Plain text")),
            ("headers", _("Headers")),
            ("source", _("Source")),
        ],
        "text": mail.part("plain"),
        "source": mail.raw.decode("utf-8", "replace"),
        "headers": [(name, str(value)) for name, value in mail.mail.items()],
    }
    return render(request, "sending/mail.html", context)


@csp_replace(
    {
        "default-src": ["'none'"],
        "img-src": ["'self'", "data:", "https:", "http:"],
        "style-src": ["'unsafe-inline'"],
        "script-src": ["'none'"],
        "form-action": ["'none'"],
        "frame-ancestors": ["'self'"],
        "sandbox": [
            "allow-same-origin",
            "allow-popups",
            "allow-popups-to-escape-sandbox",
            "allow-top-navigation-by-user-activation",
        ],
    }
)
@xframe_options_sameorigin
@requires(Capability.VIEW)
def body(request: HttpRequest, mail_id: int) -> HttpResponse:
    """Give the HTML part for the sandboxed frame: no scripts, tracked links lead to our page."""
    mail = found(mail_id)
    html = queries.without_pixel(mail.part("html"))
    if mail.message is not None:
        base = request.build_absolute_uri(reverse("sending:mail-link", args=[mail_id, 0]))
        html = queries.with_own_links(html, base.removesuffix("0/"))
    return HttpResponse(f'<base target="_top">{html}')


@requires(Capability.VIEW)
def link(request: HttpRequest, mail_id: int, number: int) -> HttpResponse:
    """Show where the contact would land; the click is noted by the page itself, by POST."""
    mail = found(mail_id)
    target = queries.link_target(mail, number)
    if target is None:
        raise Http404
    context = {"mail": mail, "row": mail.row, "link": target, "number": number}
    return render(request, "sending/mail_link.html", context)


@require_POST
@requires(Capability.SEND)
def act(request: HttpRequest, mail_id: int, kind: str) -> HttpResponse:
    """Do as the contact: open, or unsubscribe by one click."""
    mail = found(mail_id)
    if mail.message is None or kind not in ("open", "unsubscribe"):
        raise Http404
    simulate(mail.message, kind, now=clock.now())
    if kind == "open":
        return render(request, "sending/_noted.html", {"kind": kind})
    messages.success(request, _("Unsubscribed as the contact: nothing more of this kind arrives."))
    return redirect("sending:mail", mail_id)


@require_POST
@requires(Capability.SEND)
def click(request: HttpRequest, mail_id: int, number: int) -> HttpResponse:
    """Do as the contact: click this link."""
    mail = found(mail_id)
    if mail.message is None or queries.link_target(mail, number) is None:
        raise Http404
    simulate(mail.message, "click", now=clock.now(), link_number=number)
    return render(request, "sending/_noted.html", {"kind": "click"})
