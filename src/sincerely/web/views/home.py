"""Home: the way to the first mail while the house is empty, then the programme's health."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from sincerely.apps.people.sample.tasks import pet_shop
from sincerely.apps.sending.queries import is_restored
from sincerely.apps.team.access import member_of, requires
from sincerely.apps.team.rules import Capability
from sincerely.web import queries
from sincerely.web.suggestions import suggest
from sincerely.wire.clock import now


@require_GET
@requires(Capability.VIEW)
def home(request: HttpRequest) -> HttpResponse:
    """Show the checklist or the health; the numbers follow by themselves."""
    beginning = queries.beginning()
    context = {
        "beginning": beginning,
        "member": member_of(request),
        "shop": pet_shop(),
        "is_restored": is_restored(),
    }
    return render(request, "web/home.html", context)


@require_GET
@requires(Capability.VIEW)
def health(request: HttpRequest) -> HttpResponse:
    """Return the figures and the three suggestions (a part of Home)."""
    at = now()
    found = queries.health(at)
    context = {
        "health": found,
        "permission": queries.permission_by_type(),
        "week": queries.week(at),
        "suggestions": suggest(found.facts, role=member_of(request).role),
    }
    return render(request, "web/home_health.html", context)


@requires(Capability.VIEW)
@require_GET
def sample(request: HttpRequest) -> HttpResponse:
    """Answer how far the pet shop has moved; when it has arrived or left, Home is shown anew."""
    shop = pet_shop()
    answer = render(request, "web/_pet_shop.html", {"shop": shop})
    if not shop.is_moving:
        answer["HX-Refresh"] = "true"
    return answer
