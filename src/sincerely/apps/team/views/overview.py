"""Settings: the overview, the organisation, what roles may do, the system."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version

import django
from django.conf import settings
from django.contrib import messages
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from sincerely.apps.team import queries
from sincerely.apps.team.access import actor_of, requires
from sincerely.apps.team.actions import edit_organisation
from sincerely.apps.team.forms import OrganisationForm
from sincerely.apps.team.rules import ROLE_ORDER, Capability, matrix
from sincerely.apps.team.words import CAPABILITY_NAMES, ROLE_MEANINGS, ROLE_NAMES
from sincerely.wire.clock import now


@require_GET
@requires(Capability.VIEW)
def overview(request: HttpRequest) -> HttpResponse:
    """Show what can be set and where."""
    return render(request, "team/overview.html")


@requires(Capability.EDIT_SETTINGS)
def organisation(request: HttpRequest) -> HttpResponse:
    """Change the organisation's settings."""
    found = queries.organisation()
    names = OrganisationForm.base_fields
    initial = {name: getattr(found, name) for name in names} if found else {}
    form = OrganisationForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        edit_organisation(form.cleaned_data, now=now(), actor=actor_of(request))
        messages.success(request, _("Saved."))
        return redirect("team:organisation")
    status = 422 if form.is_bound else 200
    return render(request, "team/organisation.html", {"form": form}, status=status)


@require_GET
@requires(Capability.VIEW)
def roles(request: HttpRequest) -> HttpResponse:
    """Explain what each role may do."""
    rows = [(CAPABILITY_NAMES[capability], allowed) for capability, allowed in matrix()]
    named = [(ROLE_NAMES[role], ROLE_MEANINGS[role]) for role in ROLE_ORDER]
    return render(request, "team/roles.html", {"rows": rows, "roles": named})


@require_GET
@requires(Capability.EDIT_SETTINGS)
def system(request: HttpRequest) -> HttpResponse:
    """Show versions and addresses of this installation."""
    versions = [
        ("Sincerely", _own_version()),
        ("Python", platform.python_version()),
        ("Django", django.get_version()),
        (connection.display_name, _database_version()),
    ]
    addresses = [
        (_("Pages"), settings.PUBLIC_URL),
        (_("Links and opens"), settings.TRACKER_URL),
        (_("Test mailbox"), settings.MAILBOX_ADDRESS),
    ]
    context = {"versions": versions, "addresses": addresses, "home": settings.HOME.name}
    return render(request, "team/system.html", context)


def _database_version() -> str:
    numbers = connection.get_database_version()
    return ".".join(str(number) for number in numbers)


def _own_version() -> str:
    try:
        return version("sincerely")
    except PackageNotFoundError:  # run from its source without an installation
        return _("from source")
