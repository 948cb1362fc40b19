"""The audit trail: who did what, when and from where."""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from sincerely.apps.team import queries
from sincerely.apps.team.access import requires
from sincerely.apps.team.forms import TrailForm
from sincerely.apps.team.rules import Capability
from sincerely.wire.row_numbers import row_number

PAGE = 50


@require_GET
@requires(Capability.VIEW_AUDIT)
def listing(request: HttpRequest) -> HttpResponse:
    """List entries, newest first, fifty a page."""
    form = TrailForm(request.GET)
    chosen = form.cleaned_data if form.is_valid() else {}
    wanted = queries.TrailFilter(act=chosen.get("act", ""), member_id=chosen.get("member_id"))
    before_id = row_number(request.GET.get("before", ""))
    rows = queries.trail(wanted, before_id=before_id, limit=PAGE + 1)
    following = ""
    if len(rows) > PAGE:
        kept = {name: value for name, value in chosen.items() if value}
        following = "?" + urlencode(kept | {"before": rows[PAGE - 1].pk})
    context = {"form": form, "rows": rows[:PAGE], "next": following}
    return render(request, "team/trail.html", context)
