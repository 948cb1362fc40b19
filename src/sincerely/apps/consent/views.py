"""Pages of subscription types and of the suppression list."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from sincerely.apps.consent import actions, queries
from sincerely.apps.consent.forms import LiftForm, SuppressForm, TypeForm
from sincerely.apps.consent.models import SubscriptionType, SuppressionReason
from sincerely.apps.contacts.queries import address_key
from sincerely.apps.contacts.rules.addresses import masked
from sincerely.apps.team.access import actor_of, requires
from sincerely.apps.team.rules import Capability, may
from sincerely.wire import clock
from sincerely.wire.row_numbers import row_number

PAGE = 50


def _type(type_id: int) -> SubscriptionType:
    found = queries.subscription_type(type_id)
    if found is None:
        raise Http404
    return found


def _may_edit(request: HttpRequest) -> bool:
    return may(getattr(request.user, "role", ""), Capability.EDIT_CONSENT)


@requires(Capability.VIEW)
def types(request: HttpRequest) -> HttpResponse:
    """Show the subscription types with who is in and out."""
    counts = queries.permission_counts()
    found = queries.subscription_types(archived=True)
    context = {
        "types": [(kind, *counts.get(kind.pk, (0, 0))) for kind in found],
        "may_edit": _may_edit(request),
    }
    return render(request, "consent/types.html", context)


@requires(Capability.EDIT_CONSENT)
def new_type(request: HttpRequest) -> HttpResponse:
    """Make a subscription type with its promise."""
    form = TypeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        actions.create_type(**form.cleaned_data, now=clock.now(), actor=actor_of(request))
        return redirect("consent:types")
    status = 422 if form.is_bound else 200
    return render(request, "consent/type_form.html", {"form": form}, status=status)


@requires(Capability.EDIT_CONSENT)
def edit_type(request: HttpRequest, type_id: int) -> HttpResponse:
    """Change a type's words and promise."""
    found = _type(type_id)
    initial = {
        "name": found.name,
        "description": found.description,
        "promised_per_month": found.promised_per_month,
    }
    form = TypeForm(request.POST or None, initial=initial, own_id=type_id)
    if request.method == "POST" and form.is_valid():
        actions.edit_type(type_id, **form.cleaned_data, now=clock.now(), actor=actor_of(request))
        return redirect("consent:types")
    status = 422 if form.is_bound else 200
    context = {"form": form, "type": found, "is_in_use": queries.is_in_use(type_id)}
    return render(request, "consent/type_form.html", context, status=status)


@requires(Capability.EDIT_CONSENT)
@require_POST
def end_type(request: HttpRequest, type_id: int) -> HttpResponse:
    """Delete a type that nothing stands under; put a used one away, or take it out again."""
    found = _type(type_id)
    now, actor = clock.now(), actor_of(request)
    try:
        if queries.is_in_use(type_id) or found.archived_at:
            actions.archive_type(type_id, archived=found.archived_at is None, now=now, actor=actor)
        else:
            actions.delete_type(type_id, now=now, actor=actor)
    except actions.TypeInUse:
        messages.warning(request, _("The default subscription type stays."))
    return redirect("consent:types")


@requires(Capability.VIEW)
def suppressions(request: HttpRequest) -> HttpResponse:
    """Show suppressed addresses, newest first, or all that is known of one address."""
    text = request.GET.get("q", "").strip()
    reason = request.GET.get("reason", "")
    reason = reason if reason in SuppressionReason.values else ""
    last = row_number(request.GET.get("before", "")) or 0
    if text:
        rows = queries.search_suppressions(text)
    else:
        rows = queries.suppressions_page(before=last, reason=reason, limit=PAGE + 1)
    more = not text and len(rows) > PAGE
    context = {
        "rows": rows[:PAGE],
        "text": text,
        "reason": reason,
        "reasons": SuppressionReason.choices,
        "next": f"?reason={reason}&before={rows[PAGE - 1].pk}" if more else "",
        "first": f"?reason={reason}" if last else "",
        "may_edit": _may_edit(request),
    }
    return render(request, "consent/suppressions.html", context)


@requires(Capability.EDIT_CONSENT)
def suppress(request: HttpRequest) -> HttpResponse:
    """Put an address on the list; it need not be a contact's."""
    form = SuppressForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        address = form.cleaned_data["address"]
        actions.suppress(
            address_key(address),
            reason=SuppressionReason.MANUAL,
            masked=masked(address),
            detail=form.cleaned_data["detail"],
            now=clock.now(),
            actor=actor_of(request),
        )
        return redirect("consent:suppressions")
    status = 422 if form.is_bound else 200
    return render(request, "consent/suppress.html", {"form": form}, status=status)


@requires(Capability.EDIT_CONSENT)
def lift(request: HttpRequest, suppression_id: int) -> HttpResponse:
    """End a suppression, with the reason why."""
    row = queries.suppression(suppression_id)
    if row is None or row.lifted_at:
        raise Http404
    form = LiftForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        actions.lift_suppression(
            suppression_id,
            note=form.cleaned_data["note"],
            now=clock.now(),
            actor=actor_of(request),
        )
        return redirect("consent:suppressions")
    status = 422 if form.is_bound else 200
    return render(request, "consent/lift.html", {"form": form, "row": row}, status=status)
