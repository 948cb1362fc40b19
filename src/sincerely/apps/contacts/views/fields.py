"""Custom fields: what is kept about people beside the usual."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from sincerely.apps.contacts import actions, queries
from sincerely.apps.contacts.forms import FieldForm
from sincerely.apps.contacts.models import FieldDefinition
from sincerely.apps.team.access import actor_of, requires
from sincerely.apps.team.rules import Capability, may
from sincerely.wire import clock


def _known(field_id: int) -> FieldDefinition:
    found = queries.field_definition(field_id)
    if found is None:
        raise Http404
    return found


@requires(Capability.VIEW)
def fields(request: HttpRequest) -> HttpResponse:
    """Show every custom field, archived ones last."""
    found = sorted(
        queries.field_definitions(archived=True), key=lambda f: (f.archived_at is not None, f.name)
    )
    may_edit = may(getattr(request.user, "role", ""), Capability.EDIT_CONTACTS)
    return render(request, "contacts/fields.html", {"fields": found, "may_edit": may_edit})


@requires(Capability.EDIT_CONTACTS)
def new_field(request: HttpRequest) -> HttpResponse:
    """Define a field; its kind and key are fixed from then on."""
    form = FieldForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        actions.define_field(
            form.cleaned_data["name"],
            kind=form.cleaned_data["kind"],
            choices=form.cleaned_data.get("choices", []),
            now=clock.now(),
            actor=actor_of(request),
        )
        return redirect("contacts:fields")
    status = 422 if form.is_bound else 200
    return render(request, "contacts/field_form.html", {"form": form}, status=status)


@requires(Capability.EDIT_CONTACTS)
def edit_field(request: HttpRequest, field_id: int) -> HttpResponse:
    """Rename a field or change its choices."""
    found = _known(field_id)
    form = FieldForm(request.POST or None, own=found)
    if request.method == "POST" and form.is_valid():
        actions.edit_field(
            field_id,
            name=form.cleaned_data["name"],
            choices=form.cleaned_data.get("choices", []),
            now=clock.now(),
            actor=actor_of(request),
        )
        return redirect("contacts:fields")
    status = 422 if form.is_bound else 200
    context = {"form": form, "field": found}
    return render(request, "contacts/field_form.html", context, status=status)


@requires(Capability.EDIT_CONTACTS)
@require_POST
def archive_field(request: HttpRequest, field_id: int) -> HttpResponse:
    """Stop offering a field, or offer it again."""
    found = _known(field_id)
    actions.archive_field(
        field_id, archived=found.archived_at is None, now=clock.now(), actor=actor_of(request)
    )
    return redirect("contacts:fields")
