"""Reads of the contacts domain: one contact, a page of contacts, lists and fields."""

from __future__ import annotations

from sincerely.apps.contacts.queries.contacts import (
    address_key,
    contact,
    contacts_at,
    contacts_by_id,
    find_prefix,
    page_after,
    page_before,
)
from sincerely.apps.contacts.queries.fields import field_definition, field_definitions, field_named
from sincerely.apps.contacts.queries.lists import (
    contact_list,
    contact_lists,
    list_members,
    list_named,
    list_sizes,
    lists_of,
)
from sincerely.apps.contacts.queries.notes import notes_of

__all__ = [
    "address_key",
    "contact",
    "contact_list",
    "contact_lists",
    "contacts_at",
    "contacts_by_id",
    "field_definition",
    "field_definitions",
    "field_named",
    "find_prefix",
    "list_members",
    "list_named",
    "list_sizes",
    "lists_of",
    "notes_of",
    "page_after",
    "page_before",
]
