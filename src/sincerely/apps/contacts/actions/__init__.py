"""Writes of the contacts domain: contacts, lists, fields."""

from __future__ import annotations

from sincerely.apps.contacts.actions.contacts import (
    CHANGEABLE,
    BadChange,
    create_contact,
    edit_contact,
    note,
)
from sincerely.apps.contacts.actions.fields import (
    archive_field,
    define_field,
    drop_unused_field,
    edit_field,
)
from sincerely.apps.contacts.actions.lists import (
    add_to_list,
    archive_list,
    create_list,
    edit_list,
    remove_from_list,
    undo_add,
)

__all__ = [
    "CHANGEABLE",
    "BadChange",
    "add_to_list",
    "archive_field",
    "archive_list",
    "create_contact",
    "create_list",
    "define_field",
    "drop_unused_field",
    "edit_contact",
    "edit_field",
    "edit_list",
    "note",
    "remove_from_list",
    "undo_add",
]
