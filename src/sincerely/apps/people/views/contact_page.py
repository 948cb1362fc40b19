"""The contact page: may we write to them and why, their story, their labels, their fields."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language_info

from sincerely.apps.consent.queries import standing_of
from sincerely.apps.consent.queries.evidence import proof_of
from sincerely.apps.contacts.models import Contact
from sincerely.apps.contacts.queries import contact as find_contact
from sincerely.apps.contacts.queries import contacts_at, field_definitions, lists_of
from sincerely.apps.interests.queries import labels_of, labels_version, routes_of
from sincerely.apps.labels.queries import labels
from sincerely.apps.people.queries.contact_page import engagement_of, story_version, timeline
from sincerely.apps.people.queries.why import recent_campaigns
from sincerely.apps.people.views.moments import told
from sincerely.apps.team.access import requires
from sincerely.apps.team.rules import Capability, may
from sincerely.wire import clock
from sincerely.wire.row_numbers import row_number


def known_contact(contact_id: int) -> Contact:
    """Return the contact, or answer 404."""
    found = find_contact(contact_id)
    if found is None:
        raise Http404
    return found


@requires(Capability.VIEW)
def show(request: HttpRequest, contact_id: int) -> HttpResponse:
    """Show a contact; htmx gets a further page of the story alone."""
    contact = known_contact(contact_id)
    story = _story(contact, before=request.GET.get("before", ""))
    if request.GET.get("part") == "story":
        return render(request, "people/_contact_story.html", story)
    standing = standing_of(contact_id, address_key=bytes(contact.address_key))
    role = getattr(request.user, "role", "")
    context = {
        **story,
        **_labels(contact_id),
        "standing": standing,
        "proofs": [
            (kind, proof_of(kind.permission.record) if kind.permission else None)
            for kind in standing.types
        ],
        "fields": [
            (d, contact.fields[d.key]) for d in field_definitions() if d.key in contact.fields
        ],
        "lists": lists_of(contact_id),
        "engagement": engagement_of(contact_id),
        "language": _language_name(contact.language),
        "import_id": _import_id(contact.source),
        "campaigns": recent_campaigns(limit=50),
        "sharers": _sharers(contact),
        "may_edit": may(role, Capability.EDIT_CONTACTS),
        "may_consent": may(role, Capability.EDIT_CONSENT),
    }
    return render(request, "people/contact_page.html", context)


def _language_name(code: str) -> str:
    """Return a language in the member's own; a code that nobody knows stays as it is."""
    try:
        return str(get_language_info(code)["name_translated"])
    except KeyError:
        return code


def _import_id(source: str) -> int | None:
    """Return the import that brought somebody, if one did."""
    way, _, number = source.partition(":")
    return row_number(number) if way == "import" else None


def _sharers(contact: Contact) -> list[Contact]:
    return [other for other in contacts_at(contact.address) if other.pk != contact.pk]


def _labels(contact_id: int) -> dict[str, Any]:
    held = labels_of(contact_id, now=clock.now())
    routes = routes_of(contact_id)
    shown = [(one, routes.get(one.label.pk, [])) for one in held]
    taken = {one.label.pk for one in held if one.is_held}
    return {
        "held": [pair for pair in shown if pair[0].is_held],
        "other": [pair for pair in shown if not pair[0].is_held],
        "free_labels": [one for one in labels() if one.pk not in taken],
        "version": _version(contact_id),
    }


def _version(contact_id: int) -> str:
    return f"{labels_version(contact_id)}-{story_version(contact_id)}"


def _story(contact: Contact, *, before: str = "") -> dict[str, Any]:
    page, next_cursor = timeline(contact.pk, cursor=before)
    return {"contact": contact, "moments": [told(m) for m in page], "next_cursor": next_cursor}


@requires(Capability.VIEW)
def labels_part(request: HttpRequest, contact_id: int) -> HttpResponse:
    """Answer labels and story when they changed since the version that the page shows, else 204.

    Asked every second by a visible page, so it reads five index ranges before anything else.
    """
    if request.GET.get("seen") == _version(contact_id):
        return HttpResponse(status=204)
    contact = known_contact(contact_id)
    may_edit = may(getattr(request.user, "role", ""), Capability.EDIT_CONTACTS)
    context = {**_story(contact), **_labels(contact_id), "may_edit": may_edit}
    return render(request, "people/_contact_news.html", context)
