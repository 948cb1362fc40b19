"""What a member does on a contact: labels, remarks, columns, permission by hand."""

from __future__ import annotations

from datetime import UTC, datetime, time

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from sincerely.apps.consent.actions import permit, record_decision, withdraw, wording
from sincerely.apps.consent.forms import PermitForm
from sincerely.apps.consent.models import Channel
from sincerely.apps.consent.queries import standing_of, subscription_type
from sincerely.apps.consent.rules.proof import Proof
from sincerely.apps.contacts import actions
from sincerely.apps.contacts.forms import ADDRESS_TAKEN, ContactForm
from sincerely.apps.contacts.queries import contacts_at
from sincerely.apps.interests.actions import assign, remove
from sincerely.apps.interests.models import Route
from sincerely.apps.labels.queries import label as find_label
from sincerely.apps.people.views.contact_page import known_contact
from sincerely.apps.team.access import actor_of, requires
from sincerely.apps.team.rules import Capability
from sincerely.wire import clock
from sincerely.wire.row_numbers import row_number


@requires(Capability.EDIT_CONTACTS)
@require_POST
def give_label(request: HttpRequest, contact_id: int) -> HttpResponse:
    """Give a label by hand."""
    contact = known_contact(contact_id)
    chosen = row_number(request.POST.get("label", ""))
    found = find_label(chosen) if chosen is not None else None
    if found is None:
        messages.warning(request, _("Choose a label first."))
    elif not assign(
        contact.pk, found.pk, route=Route.MANUAL, now=clock.now(), actor=actor_of(request)
    ):
        text = _("“%(label)s” was not given: they have it, or they removed it themselves.")
        messages.info(request, text % {"label": found.name})
    return redirect("people:contact", contact_id)


@requires(Capability.EDIT_CONTACTS)
@require_POST
def take_label(request: HttpRequest, contact_id: int, label_id: int) -> HttpResponse:
    """Take a label by hand."""
    known_contact(contact_id)
    remove(contact_id, label_id, route=Route.MANUAL, now=clock.now(), actor=actor_of(request))
    return redirect("people:contact", contact_id)


@requires(Capability.EDIT_CONTACTS)
@require_POST
def remark(request: HttpRequest, contact_id: int) -> HttpResponse:
    """Add a remark to the story."""
    text = request.POST.get("text", "").strip()[:2000]
    if text:
        contact = known_contact(contact_id)
        detail = {"text": text}
        actions.note(contact.pk, "remark", now=clock.now(), actor=actor_of(request), detail=detail)
    return redirect("people:contact", contact_id)


@requires(Capability.EDIT_CONTACTS)
def new(request: HttpRequest) -> HttpResponse:
    """Store a contact by hand; they may not be mailed until a permission is recorded."""
    form = ContactForm(request.POST or None, initial={"address": request.GET.get("address", "")})
    if request.method != "POST" or not form.is_valid():
        status = 422 if form.is_bound else 200
        return render(request, "people/contact_new.html", {"form": form}, status=status)
    given = dict(form.cleaned_data)
    known = contacts_at(given["address"])
    share = request.POST.get("share") == "on"
    if known and not share:
        context = {"form": form, "known": known[0]}
        return render(request, "people/contact_new.html", context, status=422)
    contact = actions.create_contact(
        given.pop("address"),
        now=clock.now(),
        actor=actor_of(request),
        share=share,
        **{**given, "fields": {k: v for k, v in given["fields"].items() if v is not None}},
    )
    return redirect("people:contact", contact.pk)


@requires(Capability.EDIT_CONTACTS)
def edit(request: HttpRequest, contact_id: int) -> HttpResponse:
    """Change a contact's columns and fields."""
    contact = known_contact(contact_id)
    form = ContactForm(request.POST or None, contact=contact)
    if request.method == "POST" and form.is_valid():
        try:
            changes = form.cleaned_data
            actions.edit_contact(
                contact_id, changes=changes, now=clock.now(), actor=actor_of(request)
            )
            return redirect("people:contact", contact_id)
        except actions.BadChange:
            form.add_error("address", str(ADDRESS_TAKEN))
    status = 422 if form.is_bound else 200
    context = {"form": form, "contact": contact}
    return render(request, "people/contact_edit.html", context, status=status)


@requires(Capability.EDIT_CONSENT)
def permit_by_hand(request: HttpRequest, contact_id: int) -> HttpResponse:
    """Record a permission that was given outside of the product, with its origin."""
    contact = known_contact(contact_id)
    now = clock.now()
    form = PermitForm(request.POST or None, initial={"given_on": now.date()})
    if request.method != "POST" or not form.is_valid():
        status = 422 if form.is_bound else 200
        context = {"form": form, "contact": contact}
        return render(request, "people/contact_permit.html", context, status=status)
    given = form.cleaned_data
    actor = actor_of(request)
    shown = wording(given["wording"], now=now) if given["wording"].strip() else None
    permit(
        contact.pk,
        subscription_type_id=int(given["subscription_type"]),
        channel=Channel.MANUAL,
        evidence=given["evidence"],
        proof=Proof(
            address=contact.address,
            document=given["document"],
            wording_hash=bytes(shown.text_hash).hex() if shown else "",
        ),
        at=min(now, datetime.combine(given["given_on"], time(12), UTC)),
        wording_id=shown.pk if shown else None,
        now=now,
        actor=actor,
    )
    choice = f"permission by hand: {given['subscription_type']}"
    record_decision(
        "permission", choice=choice, note=given["note"], now=now, actor=actor, subject=contact
    )
    standing = standing_of(contact_id, address_key=bytes(contact.address_key))
    kind = int(given["subscription_type"])
    if not any(t.state == "in" and t.subscription_type.pk == kind for t in standing.types):
        text = _("Kept as a record. They opted out earlier: only their own act can undo that.")
        messages.warning(request, text)
    return redirect("people:contact", contact_id)


@requires(Capability.EDIT_CONSENT)
@require_POST
def withdraw_by_hand(request: HttpRequest, contact_id: int) -> HttpResponse:
    """Record that a contact told us that they want no more of this, or of anything.

    A type that is not known is refused: an opt-out of everything, which no member can undo, must be
    meant.
    """
    contact = known_contact(contact_id)
    asked = request.POST.get("subscription_type", "")
    kind = subscription_type(row_number(asked) or 0) if asked else None
    if asked and kind is None:
        raise Http404
    withdraw(
        contact.pk,
        subscription_type_id=kind.pk if kind else None,
        channel=Channel.MANUAL,
        cause="told a member",
        now=clock.now(),
        actor=actor_of(request),
    )
    return redirect("people:contact", contact_id)
