"""How it runs, for members: processes, what waits and why, and mailings that are held."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from sincerely.apps.operation.queries import RUNNING
from sincerely.apps.sending.actions import lift_hold
from sincerely.apps.sending.queries import holds
from sincerely.apps.team.access import actor_of, requires
from sincerely.apps.team.numbers import grouped
from sincerely.apps.team.rules import Capability
from sincerely.web.queries import running as queries
from sincerely.wire.clock import now
from sincerely.wire.health import PROCESSES

NAMES: dict[str, str | Promise] = {
    "web": gettext_lazy("Pages"),
    "tracker": gettext_lazy("Opens and clicks"),
    "folder": gettext_lazy("Numbers and labels"),
    "sender": gettext_lazy("Sending"),
    "mailbox": gettext_lazy("Test mailbox"),
    "runner": gettext_lazy("Schedules, imports, exports"),
}
MISSING: dict[str, str | Promise] = {
    "tracker": gettext_lazy("Links in mail do not work, and nobody can unsubscribe by one click."),
    "folder": gettext_lazy("Opens and clicks are kept, but numbers and labels stand still."),
    "sender": gettext_lazy("No mail leaves. Nothing is lost: it goes on when sending runs again."),
    "mailbox": gettext_lazy("Mail to the test mailbox waits."),
    "runner": gettext_lazy("Scheduled campaigns, imports and exports wait."),
}


@require_GET
@requires(Capability.EDIT_SETTINGS)
def running(request: HttpRequest) -> HttpResponse:
    """Show the processes, the backlog, troubles and holds."""
    signs = queries.signs(real_now=datetime.now(UTC))
    context = {
        "rows": [(NAMES.get(sign.beat.process, sign.beat.process), sign) for sign in signs],
        "missing": _missing(signs),
        "backlog": queries.backlog(now=now()),
        "holds": holds(),
        "transports": queries.troubled_transports(),
    }
    template = "web/_running.html" if request.headers.get("HX-Request") else "web/running.html"
    return render(request, template, context)


@require_POST
@requires(Capability.SEND)
def release(request: HttpRequest) -> HttpResponse:
    """Let go the chosen mailing, or all that are held."""
    chosen = request.POST.get("hold", "")
    lifted = 0
    for hold in holds():
        if chosen in {"all", str(hold.pk)}:
            lifted += lift_hold(hold.pk, now=now(), actor=actor_of(request))
    messages.success(request, _("Released: %(count)s.") % {"count": grouped(lifted)})
    return redirect("web:running")


def _missing(signs: Sequence[queries.Sign]) -> list[tuple[str | Promise, str | Promise]]:
    """Return the kinds of process of which none is well, with what that means."""
    well = {sign.beat.process for sign in signs if sign.state == RUNNING}
    return [(NAMES[name], MISSING[name]) for name in PROCESSES if name in set(MISSING) - well]
