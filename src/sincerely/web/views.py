"""Home."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from sincerely.apps.team.access import requires
from sincerely.apps.team.rules import Capability


@requires(Capability.VIEW)
def home(request: HttpRequest) -> HttpResponse:
    """Show the programme's health at a glance."""
    return render(request, "web/home.html")
