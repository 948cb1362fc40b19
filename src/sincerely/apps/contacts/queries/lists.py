"""Reads of lists and their members."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Count

from sincerely.apps.contacts.models import Contact, ContactList, ListMembership


def contact_lists(*, archived: bool = False) -> list[ContactList]:
    """Return the lists in order of name; archived ones only when asked for."""
    rows = ContactList.objects.order_by("name")
    return list(rows if archived else rows.filter(archived_at=None))


def contact_list(list_id: int) -> ContactList | None:
    """Return one list, or None."""
    return ContactList.objects.filter(pk=list_id).first()


def list_named(name: str) -> ContactList | None:
    """Return the list with this name, or None."""
    return ContactList.objects.filter(name=name.strip()).first()


def list_sizes(list_ids: Iterable[int]) -> dict[int, int]:
    """Return how many contacts each list holds, from its index alone."""
    rows = ListMembership.objects.filter(contact_list_id__in=list(list_ids))
    counted = rows.values_list("contact_list_id").annotate(count=Count("pk")).order_by()
    return dict(counted)


def list_members(list_id: int, *, after: int = 0, limit: int = 50) -> list[Contact]:
    """Return a page of the list's contacts with ids above `after`, in order of id."""
    ids = (
        ListMembership.objects.filter(contact_list_id=list_id, contact_id__gt=after)
        .order_by("contact_id")
        .values_list("contact_id", flat=True)[:limit]
    )
    return list(Contact.objects.filter(pk__in=list(ids)).order_by("pk"))


def lists_of(contact_id: int) -> list[ContactList]:
    """Return the lists that a contact is on."""
    return list(ContactList.objects.filter(listmembership__contact_id=contact_id).order_by("name"))
