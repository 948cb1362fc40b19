"""A member's own profile."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import override

from sincerely.apps.team.access import actor_of, member_of, requires
from sincerely.apps.team.actions import edit_profile
from sincerely.apps.team.forms import ProfileForm
from sincerely.apps.team.rules import Capability, Role
from sincerely.apps.team.words import ROLE_MEANINGS, ROLE_NAMES
from sincerely.wire.clock import now


@requires(Capability.VIEW)
def profile(request: HttpRequest) -> HttpResponse:
    """Show and change one's name, language and time zone."""
    member = member_of(request)
    initial = {
        "name": member.name,
        "language": member.language,
        "time_zone": member.time_zone or "Europe/Amsterdam",
    }
    form = ProfileForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        changed = edit_profile(member.pk, now=now(), actor=actor_of(request), **form.cleaned_data)
        with override(changed.language):
            messages.success(request, _("Saved."))
        return redirect("team:profile")
    role = Role(member.role)
    context = {
        "form": form,
        "member": member,
        "role": ROLE_NAMES[role],
        "meaning": ROLE_MEANINGS[role],
    }
    return render(request, "team/profile.html", context, status=422 if form.is_bound else 200)
