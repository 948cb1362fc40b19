"""Search from every page: people, mails, labels, segments, lists, templates, settings."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from sincerely.apps.team.access import member_of, requires
from sincerely.apps.team.rules import Capability
from sincerely.web import queries

LONGEST = 100


@require_GET
@requires(Capability.VIEW)
def search(request: HttpRequest) -> HttpResponse:
    """Show what was found, a few of each kind."""
    text = request.GET.get("q", "").replace("\x00", "").strip()[:LONGEST]
    groups = queries.search(text, role=member_of(request).role) if text else []
    return render(request, "web/search.html", {"q": text, "groups": groups})
