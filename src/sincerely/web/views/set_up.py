"""The first visit: an owner, an organisation with brand and sender, something to see."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_POST

from sincerely.apps.people.sample.loading import queue_sample
from sincerely.apps.people.sample.tasks import ask_to_remove, sample
from sincerely.apps.sending.actions import ensure_default_sender
from sincerely.apps.sending.rules.no_reply import is_no_reply
from sincerely.apps.team import actions, queries
from sincerely.apps.team.access import actor_of, member_of, requires
from sincerely.apps.team.actions.links import hash_token
from sincerely.apps.team.forms import FirstBrandForm, OwnerForm
from sincerely.apps.team.models import Brand
from sincerely.apps.team.rules import Capability, Role
from sincerely.wire.clock import now

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


@sensitive_post_parameters("password")
@never_cache
def owner(request: HttpRequest, secret: str) -> HttpResponse:
    """Create the owner; the link works once. The next page asks for the organisation."""
    link = queries.open_link(hash_token(secret), now=now())
    if link is None or link.email or link.role != Role.OWNER:
        return render(request, "web/set_up/spent.html", status=404)
    initial = {"language": request.LANGUAGE_CODE, "time_zone": "Europe/Amsterdam"}
    form = OwnerForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        values = dict(form.cleaned_data)
        zone = values.pop("time_zone")
        at = now()
        try:
            member = actions.join(secret, now=at, **values)
        except actions.LinkSpent:
            return render(request, "web/set_up/spent.html", status=404)
        login(request, member, backend=BACKEND)
        actor = actor_of(request)
        actions.edit_profile(
            member.pk,
            name=member.name,
            language=member.language,
            time_zone=zone,
            now=at,
            actor=actor,
        )
        return redirect("web:set-up-organisation")
    return render(
        request, "web/set_up/owner.html", {"form": form}, status=422 if form.is_bound else 200
    )


@requires(Capability.EDIT_SETTINGS)
def organisation(request: HttpRequest) -> HttpResponse:
    """Ask for the organisation, its brand and its sender, in one go."""
    member = member_of(request)
    brand = queries.first_brand() or Brand()
    initial = {
        "name": brand.name,
        "postal_address": brand.postal_address,
        "accent_colour": brand.accent_colour,
        "sender_name": member.name,
        "sender_address": member.email,
    }
    form = FirstBrandForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        at, actor = now(), actor_of(request)
        brand = actions.set_up_organisation(
            values["name"],
            language=member.language,
            time_zone=member.time_zone or "Europe/Amsterdam",
            brand={name: values[name] for name in ("name", "postal_address", "accent_colour")},
            now=at,
            actor=actor,
        )
        ensure_default_sender(
            brand_id=brand.pk,
            name=values["sender_name"],
            address=values["sender_address"],
            now=at,
            actor=actor,
        )
        if is_no_reply(values["sender_address"]):
            text = _(
                "People cannot answer %(address)s. Give them a real mailbox: Settings → Senders."
            )
            messages.warning(request, text % {"address": values["sender_address"]})
        return redirect("web:set-up-ready")
    return render(
        request,
        "web/set_up/organisation.html",
        {"form": form},
        status=422 if form.is_bound else 200,
    )


@require_GET
@requires(Capability.EDIT_SETTINGS)
def ready(request: HttpRequest) -> HttpResponse:
    """Offer the pet shop, the import and the two-step login."""
    return render(request, "web/set_up/ready.html", {"sample": sample() is None})


@require_POST
@requires(Capability.EDIT_SETTINGS)
def load_sample(request: HttpRequest) -> HttpResponse:
    """Have the sample pet shop loaded in the background."""
    if sample() is None:
        queue_sample(now=now(), actor=actor_of(request))
    messages.success(request, _("The pet shop is moving in. It takes a minute or so."))
    return redirect("web:home")


@require_POST
@requires(Capability.EDIT_SETTINGS)
def remove_sample(request: HttpRequest) -> HttpResponse:
    """Have the sample pet shop removed in the background, with everything that it brought."""
    ask_to_remove(now=now(), actor=actor_of(request))
    messages.success(request, _("The pet shop is moving out, with everything that it brought."))
    return redirect("web:home")
