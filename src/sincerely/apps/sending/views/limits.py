"""Caps and quiet hours: how much mail an address gets, and when."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from sincerely.apps.sending.actions.limits import set_restraint
from sincerely.apps.sending.forms import LimitsForm
from sincerely.apps.sending.queries.restraint import stored
from sincerely.apps.team.access import actor_of, requires
from sincerely.apps.team.rules import Capability
from sincerely.wire import clock


@requires(Capability.SEND)
def edit(request: HttpRequest) -> HttpResponse:
    """Change the cap of all mail, those of single types, and the quiet hours."""
    sent_in = request.POST if request.method == "POST" else None  # all fields may be empty
    form = LimitsForm(sent_in, initial=LimitsForm.of(stored()))
    if form.is_valid():
        set_restraint(form.limits(), quiet=form.quiet(), now=clock.now(), actor=actor_of(request))
        messages.success(request, _("Saved. It counts for all mail that has not left yet."))
        return redirect("sending:limits")
    status = 422 if form.is_bound else 200
    return render(request, "sending/limits.html", {"form": form}, status=status)
