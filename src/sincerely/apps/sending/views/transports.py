"""Transports: how mail leaves, a test of each, and what still locks mailing contacts."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from sincerely.apps.sending.actions import readiness
from sincerely.apps.sending.actions import transports as actions
from sincerely.apps.sending.actions.tests import (
    add_test_address,
    remove_test_address,
    try_transport,
)
from sincerely.apps.sending.forms import TestAddressForm, TryForm
from sincerely.apps.sending.models import Transport, TransportKind
from sincerely.apps.sending.queries import locked_because
from sincerely.apps.sending.queries import senders as queries
from sincerely.apps.sending.transport_form import TransportForm
from sincerely.apps.team.access import actor_of, member_of, requires
from sincerely.apps.team.rules import Capability
from sincerely.wire import clock


def found(transport_id: int) -> Transport:
    """Return the transport or answer 404."""
    transport = queries.transport(transport_id)
    if transport is None:
        raise Http404
    return transport


@requires(Capability.EDIT_SETTINGS)
def index(request: HttpRequest) -> HttpResponse:
    """List the transports and the saved test addresses."""
    context = {
        "transports": queries.transports(),
        "test_addresses": queries.test_addresses(),
        "address_form": TestAddressForm(),
    }
    return render(request, "sending/transports.html", context)


def _initial(transport: Transport) -> dict[str, object]:
    names = TransportForm.base_fields
    initial = {name: getattr(transport, name, "") for name in names if name != "secret"}
    return initial | {"provider_options": transport.options}


@requires(Capability.EDIT_SETTINGS)
def edit(request: HttpRequest, transport_id: int | None = None) -> HttpResponse:
    """Create or change a transport; the secret is never shown."""
    transport = found(transport_id) if transport_id else None
    if transport is not None and transport.kind == TransportKind.MAILBOX:
        return redirect("sending:transport", transport.pk)
    initial = _initial(transport) if transport else {}
    if request.GET.get("provider"):  # its fields, as soon as it is chosen
        initial |= {"kind": TransportKind.PROVIDER, "provider": request.GET["provider"]}
    form = TransportForm(
        request.POST or None,
        initial=initial,
        transport_id=transport_id,
    )
    if request.method == "POST" and form.is_valid():
        saved = actions.save_transport(
            transport_id,
            values=form.values(),
            secret=form.cleaned_data["secret"],
            now=clock.now(),
            actor=actor_of(request),
        )
        messages.success(request, _("Saved. Send a test to see that it works."))
        return redirect("sending:transport", saved.pk)
    context = {"form": form, "transport": transport}
    status = 422 if form.is_bound else 200
    return render(request, "sending/transport_edit.html", context, status=status)


@requires(Capability.EDIT_SETTINGS)
def one(request: HttpRequest, transport_id: int) -> HttpResponse:
    """Show a transport: what it is, a test, what still locks it."""
    transport = found(transport_id)
    sender = queries.default_sender()
    context = {
        "transport": transport,
        "sender": sender,
        "locks": locked_because(sender, transport) if sender else [],
        "form": TryForm(initial={"address": member_of(request).email}),
        "tests": queries.recent_tests(transport.pk),
    }
    return render(request, "sending/transport.html", context)


@require_POST
@requires(Capability.EDIT_SETTINGS)
def try_out(request: HttpRequest, transport_id: int) -> HttpResponse:
    """Send a test mail through the transport."""
    transport = found(transport_id)
    form, sender = TryForm(request.POST), queries.default_sender()
    if sender is None:
        messages.error(request, _("Make a sender first."))
    elif form.is_valid():
        outcome = try_transport(
            transport.pk,
            sender=sender,
            address=form.cleaned_data["address"],
            now=clock.now(),
            actor=actor_of(request),
        )
        if outcome.is_accepted:
            messages.success(request, _("The test was accepted."))
        else:
            words = _("The test did not get through: %(words)s")
            messages.error(request, words % {"words": outcome.words})
    else:
        messages.error(request, _("This is not an e-mail address."))
    return redirect("sending:transport", transport_id)


@require_POST
@requires(Capability.EDIT_SETTINGS)
def check_public(request: HttpRequest, transport_id: int) -> HttpResponse:
    """See whether the installation's public addresses answer."""
    found(transport_id)
    if readiness.check_public_address(now=clock.now()):
        messages.success(request, _("The public address answers."))
    else:
        messages.warning(request, _("The public address does not answer from here."))
    return redirect("sending:transport", transport_id)


@require_POST
@requires(Capability.EDIT_SETTINGS)
def make_default(request: HttpRequest, transport_id: int) -> HttpResponse:
    """Use this transport for new campaigns."""
    found(transport_id)
    actions.make_default_transport(transport_id, now=clock.now(), actor=actor_of(request))
    return redirect("sending:transports")


@require_POST
@requires(Capability.EDIT_SETTINGS)
def archive(request: HttpRequest, transport_id: int) -> HttpResponse:
    """Take a transport out of every choice."""
    found(transport_id)
    if not actions.archive_transport(transport_id, now=clock.now(), actor=actor_of(request)):
        messages.warning(request, _("The default transport and the test mailbox stay."))
    return redirect("sending:transports")


@require_POST
@requires(Capability.EDIT_SETTINGS)
def add_address(request: HttpRequest) -> HttpResponse:
    """Put an address on the saved test list."""
    form = TestAddressForm(request.POST)
    if form.is_valid():
        add_test_address(form.cleaned_data["address"], name=form.cleaned_data["name"])
    else:
        messages.error(request, _("This is not an e-mail address."))
    return redirect("sending:transports")


@require_POST
@requires(Capability.EDIT_SETTINGS)
def remove_address(request: HttpRequest, address_id: int) -> HttpResponse:
    """Take an address off the saved test list."""
    remove_test_address(address_id)
    return redirect("sending:transports")
