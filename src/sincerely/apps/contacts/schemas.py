"""What the contacts API takes and gives."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from ninja import Field, Schema

from sincerely.apps.contacts.models import Contact, ContactList, FieldDefinition


class ContactOut(Schema):
    """A contact."""

    id: int
    address: str
    first_name: str
    last_name: str
    language: str
    time_zone: str
    fields: dict[str, Any]
    tracking_tier: str
    source: str
    signed_up_at: datetime | None
    created_at: datetime
    changed_at: datetime


class ContactIn(Schema):
    """A contact to store; an address that is known updates its contact."""

    address: str = Field(max_length=320)
    first_name: str = Field("", max_length=120)
    last_name: str = Field("", max_length=120)
    language: str = Field("", max_length=8)
    time_zone: str = Field("", max_length=60)
    fields: dict[str, Any] = {}
    share: bool = False


class ContactChange(Schema):
    """Columns to change; what is left out stays. In `fields`, null clears a custom field."""

    address: str | None = Field(None, max_length=320)
    first_name: str | None = Field(None, max_length=120)
    last_name: str | None = Field(None, max_length=120)
    language: str | None = Field(None, max_length=8)
    time_zone: str | None = Field(None, max_length=60)
    tracking_tier: Literal["full", "hygiene", "none"] | None = None
    fields: dict[str, Any] | None = None


class ContactPage(Schema):
    """Contacts in order of id; ask again with `after=next`."""

    items: list[ContactOut]
    next: int | None


class ListOut(Schema):
    """A list."""

    id: int
    name: str
    description: str
    origin: str
    created_at: datetime
    archived_at: datetime | None


class ListIn(Schema):
    """A list to store or change."""

    name: str = Field(min_length=1, max_length=120)
    description: str = ""


class ListPage(Schema):
    """Lists in order of name."""

    items: list[ListOut]
    next: int | None = None


class ContactIds(Schema):
    """Some contacts."""

    contact_ids: list[int] = Field(max_length=10_000)


class ChangedCount(Schema):
    """For how many contacts something changed."""

    count: int


class FieldOut(Schema):
    """A custom field."""

    id: int
    key: str
    name: str
    kind: str
    choices: list[str]
    archived_at: datetime | None


class FieldIn(Schema):
    """A custom field to define; its key is made from its name."""

    name: str = Field(min_length=1, max_length=80)
    kind: Literal["text", "number", "date", "boolean", "choice"]
    choices: list[str] = []


def contact_out(contact: Contact) -> ContactOut:
    """Return a contact as the API gives it."""
    return ContactOut.from_orm(contact)


def list_out(found: ContactList) -> ListOut:
    """Return a list as the API gives it."""
    return ListOut.from_orm(found)


def field_out(field: FieldDefinition) -> FieldOut:
    """Return a custom field as the API gives it."""
    return FieldOut.from_orm(field)
