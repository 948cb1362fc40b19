"""Senders: who mail comes from, and what the DNS says about their domain."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from sincerely.apps.sending.actions import senders as actions
from sincerely.apps.sending.forms import SenderForm
from sincerely.apps.sending.models import SenderIdentity
from sincerely.apps.sending.queries import senders as queries
from sincerely.apps.sending.views.looks import check_rows
from sincerely.apps.team.access import actor_of, requires
from sincerely.apps.team.rules import Capability
from sincerely.wire import clock
from sincerely.wire.dkim import dns_record, zone_value
from sincerely.wire.dns import SystemResolver


def found(sender_id: int) -> SenderIdentity:
    """Return the sender or answer 404."""
    sender = queries.sender(sender_id)
    if sender is None or sender.archived_at is not None:
        raise Http404
    return sender


@requires(Capability.EDIT_SETTINGS)
def index(request: HttpRequest) -> HttpResponse:
    """List the senders."""
    return render(request, "sending/senders.html", {"senders": queries.senders()})


@requires(Capability.EDIT_SETTINGS)
def new(request: HttpRequest) -> HttpResponse:
    """Create a sender."""
    form = SenderForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        sender = actions.create_sender(
            brand_id=values["brand"],
            name=values["name"],
            address=values["address"],
            reply_to=values["reply_to"],
            now=clock.now(),
            actor=actor_of(request),
        )
        messages.success(request, _("Saved. Now let the domain be checked."))
        return redirect("sending:sender", sender.pk)
    status = 422 if form.is_bound else 200
    return render(request, "sending/sender_edit.html", {"form": form}, status=status)


@requires(Capability.EDIT_SETTINGS)
def one(request: HttpRequest, sender_id: int) -> HttpResponse:
    """Show a sender with its checks and the records to publish."""
    sender = found(sender_id)
    domain = sender.address.rpartition("@")[2]
    record = dns_record(sender.dkim_public_key)
    context = {
        "sender": sender,
        "domain": domain,
        "checks": check_rows(sender.checks),
        "dkim_name": f"{sender.dkim_selector}._domainkey.{domain}",
        "dkim_record": record,
        "dkim_zone_value": zone_value(record),
        "dmarc_name": f"_dmarc.{domain}",
    }
    return render(request, "sending/sender.html", context)


@requires(Capability.EDIT_SETTINGS)
def edit(request: HttpRequest, sender_id: int) -> HttpResponse:
    """Change a sender."""
    sender = found(sender_id)
    initial = {
        "name": sender.name,
        "address": sender.address,
        "reply_to": sender.reply_to,
        "brand": sender.brand_id,
    }
    form = SenderForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        actions.edit_sender(
            sender_id,
            name=values["name"],
            address=values["address"],
            reply_to=values["reply_to"],
            now=clock.now(),
            actor=actor_of(request),
        )
        messages.success(request, _("Saved."))
        return redirect("sending:sender", sender_id)
    context = {"form": form, "sender": sender}
    status = 422 if form.is_bound else 200
    return render(request, "sending/sender_edit.html", context, status=status)


@require_POST
@requires(Capability.EDIT_SETTINGS)
def check(request: HttpRequest, sender_id: int) -> HttpResponse:
    """Look up the domain's records now."""
    found(sender_id)
    sender = actions.check_sender(sender_id, resolver=SystemResolver(), now=clock.now())
    if sender.verified_at:
        messages.success(request, _("SPF, DKIM and DMARC pass."))
    else:
        messages.warning(request, _("Not everything passes yet: see below what is missing."))
    return redirect("sending:sender", sender_id)


@require_POST
@requires(Capability.EDIT_SETTINGS)
def make_default(request: HttpRequest, sender_id: int) -> HttpResponse:
    """Use this sender for new campaigns."""
    found(sender_id)
    actions.make_default_sender(sender_id, now=clock.now(), actor=actor_of(request))
    return redirect("sending:senders")


@require_POST
@requires(Capability.EDIT_SETTINGS)
def archive(request: HttpRequest, sender_id: int) -> HttpResponse:
    """Take a sender out of every choice."""
    found(sender_id)
    actions.archive_sender(sender_id, now=clock.now(), actor=actor_of(request))
    return redirect("sending:senders")
