"""API keys: made, shown once, revoked."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from sincerely.apps.team import actions, queries
from sincerely.apps.team.access import actor_of, member_of, requires
from sincerely.apps.team.forms import KeyForm
from sincerely.apps.team.rules import Capability
from sincerely.wire.clock import now


@never_cache
@requires(Capability.EDIT_SETTINGS)
def listing(request: HttpRequest) -> HttpResponse:
    """List keys; make one and show its secret this once."""
    member = member_of(request)
    form = KeyForm(request.POST or None, role=member.role)
    secret, status = "", 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            scopes = [Capability(scope) for scope in form.cleaned_data["scopes"]]
            _key, secret = actions.create_key(
                form.cleaned_data["name"],
                member_id=member.pk,
                scopes=scopes,
                now=now(),
                actor=actor_of(request),
            )
            form, status = KeyForm(role=member.role), 200
    context = {"keys": queries.api_keys(), "form": form, "secret": secret}
    return render(request, "team/keys.html", context, status=status)


@require_POST
@requires(Capability.EDIT_SETTINGS)
def revoke(request: HttpRequest, key_id: int) -> HttpResponse:
    """Make a key useless."""
    if queries.api_keys().filter(pk=key_id).exists():
        actions.revoke_key(key_id, now=now(), actor=actor_of(request))
    return redirect("team:keys")
