"""Reads of the custom fields' definitions."""

from __future__ import annotations

from sincerely.apps.contacts.models import FieldDefinition


def field_definitions(*, archived: bool = False) -> list[FieldDefinition]:
    """Return the custom fields in order of name; archived ones only when asked for."""
    rows = FieldDefinition.objects.order_by("name")
    return list(rows if archived else rows.filter(archived_at=None))


def field_definition(field_id: int) -> FieldDefinition | None:
    """Return one custom field, or None."""
    return FieldDefinition.objects.filter(pk=field_id).first()


def field_named(name: str) -> FieldDefinition | None:
    """Return the custom field with this name, or None."""
    return FieldDefinition.objects.filter(name=name.strip()).first()
