"""Lists: all of them, one with its people, making, renaming, putting away."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from sincerely.apps.contacts import actions, queries
from sincerely.apps.contacts.forms import ListForm
from sincerely.apps.contacts.models import ContactList
from sincerely.apps.contacts.rules.addresses import BadAddress
from sincerely.apps.team.access import actor_of, requires
from sincerely.apps.team.rules import Capability, may
from sincerely.wire import clock
from sincerely.wire.row_numbers import row_number, row_numbers

PAGE = 50


def _known(list_id: int) -> ContactList:
    found = queries.contact_list(list_id)
    if found is None:
        raise Http404
    return found


def _may_edit(request: HttpRequest) -> bool:
    return may(getattr(request.user, "role", ""), Capability.EDIT_CONTACTS)


@requires(Capability.VIEW)
def lists(request: HttpRequest) -> HttpResponse:
    """Show every list with its size."""
    archived = request.GET.get("archived") == "1"
    found = queries.contact_lists(archived=archived)
    sizes = queries.list_sizes(one.pk for one in found)
    context = {
        "lists": [(one, sizes.get(one.pk, 0)) for one in found],
        "archived": archived,
        "may_edit": _may_edit(request),
    }
    return render(request, "contacts/lists.html", context)


@requires(Capability.EDIT_CONTACTS)
def new_list(request: HttpRequest) -> HttpResponse:
    """Make an empty list."""
    form = ListForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        made = actions.create_list(
            form.cleaned_data["name"],
            description=form.cleaned_data["description"],
            now=clock.now(),
            actor=actor_of(request),
        )
        return redirect("contacts:list", made.pk)
    status = 422 if form.is_bound else 200
    return render(request, "contacts/list_form.html", {"form": form}, status=status)


@requires(Capability.VIEW)
def show_list(request: HttpRequest, list_id: int) -> HttpResponse:
    """Show the people of a list, page by page."""
    found = _known(list_id)
    last = row_number(request.GET.get("after", "")) or 0
    people = queries.list_members(list_id, after=last, limit=PAGE + 1)
    context = {
        "list": found,
        "people": people[:PAGE],
        "next": f"?after={people[PAGE - 1].pk}" if len(people) > PAGE else "",
        "first": "?" if last else "",
        "size": queries.list_sizes([list_id]).get(list_id, 0),
        "may_export": may(getattr(request.user, "role", ""), Capability.EXPORT),
        "may_edit": _may_edit(request),
    }
    return render(request, "contacts/list.html", context)


@requires(Capability.EDIT_CONTACTS)
def edit_list(request: HttpRequest, list_id: int) -> HttpResponse:
    """Rename or describe a list."""
    found = _known(list_id)
    initial = {"name": found.name, "description": found.description}
    form = ListForm(request.POST or None, initial=initial, own_id=list_id)
    if request.method == "POST" and form.is_valid():
        actions.edit_list(list_id, **form.cleaned_data, now=clock.now(), actor=actor_of(request))
        return redirect("contacts:list", list_id)
    status = 422 if form.is_bound else 200
    context = {"form": form, "list": found}
    return render(request, "contacts/list_form.html", context, status=status)


@requires(Capability.EDIT_CONTACTS)
@require_POST
def archive_list(request: HttpRequest, list_id: int) -> HttpResponse:
    """Put a list away, or take it out again."""
    found = _known(list_id)
    actions.archive_list(
        list_id, archived=found.archived_at is None, now=clock.now(), actor=actor_of(request)
    )
    return redirect("contacts:list", list_id)


@requires(Capability.EDIT_CONTACTS)
@require_POST
def add_person(request: HttpRequest, list_id: int) -> HttpResponse:
    """Put everybody with this address on the list."""
    _known(list_id)
    try:
        people = queries.contacts_at(request.POST.get("address", "").strip())
    except BadAddress:
        people = []
    if not people:
        messages.warning(request, _("Nobody here has this address."))
    ids = [person.pk for person in people]
    actions.add_to_list(list_id, ids, now=clock.now(), actor=actor_of(request))
    return redirect("contacts:list", list_id)


@requires(Capability.EDIT_CONTACTS)
@require_POST
def take_people(request: HttpRequest, list_id: int) -> HttpResponse:
    """Take the chosen people off the list."""
    _known(list_id)
    ids = row_numbers(request.POST.getlist("chosen"))
    actions.remove_from_list(list_id, ids, now=clock.now(), actor=actor_of(request))
    return redirect("contacts:list", list_id)
