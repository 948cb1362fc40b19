"""The JSON API of contacts, lists and custom fields.

A contact stored here may not be mailed until a permission with its evidence is recorded
(`/api/v1/consent/permits`).
"""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.http import HttpRequest
from ninja import Router, Status
from ninja.errors import HttpError

from sincerely.apps.contacts import actions, queries
from sincerely.apps.contacts.models import Contact, ContactList
from sincerely.apps.contacts.rules.addresses import BadAddress
from sincerely.apps.contacts.schemas import (
    ChangedCount,
    ContactChange,
    ContactIds,
    ContactIn,
    ContactOut,
    ContactPage,
    FieldIn,
    FieldOut,
    ListIn,
    ListOut,
    ListPage,
    contact_out,
    field_out,
    list_out,
)
from sincerely.apps.team.access import actor_of
from sincerely.apps.team.api_auth import Scope
from sincerely.apps.team.rules import Capability
from sincerely.wire import clock

router = Router(tags=["contacts"])
VIEW, EDIT = Scope(Capability.VIEW), Scope(Capability.EDIT_CONTACTS)
SETTINGS = Scope(Capability.EDIT_SETTINGS)
MAX_PAGE = 500


def _contact(contact_id: int) -> Contact:
    found = queries.contact(contact_id)
    if found is None:
        raise HttpError(404, "There is no contact with this id.")
    return found


def _list(list_id: int) -> ContactList:
    found = queries.contact_list(list_id)
    if found is None:
        raise HttpError(404, "There is no list with this id.")
    return found


def _refused(problem: BadAddress | actions.BadChange) -> Exception:
    if isinstance(problem, BadAddress):
        return ValidationError({"address": [problem.reason]})
    return HttpError(422, str(problem))


@router.get("/", auth=VIEW, response=ContactPage, summary="List or search contacts")
def list_contacts(
    request: HttpRequest, *, after: int = 0, limit: int = 100, search: str = "", address: str = ""
) -> ContactPage:
    """Return contacts by id, by exact address, or by the beginning of a name or address."""
    limit = max(1, min(limit, MAX_PAGE))
    if address or search:
        return ContactPage(items=_found(search, address=address, limit=limit), next=None)
    rows = queries.page_after(after, limit=limit)
    last = rows[-1].pk if len(rows) == limit else None
    return ContactPage(items=[contact_out(row) for row in rows], next=last)


def _found(search: str, *, address: str, limit: int) -> list[ContactOut]:
    if address:
        try:
            return [contact_out(row) for row in queries.contacts_at(address)]
        except BadAddress as problem:
            raise _refused(problem) from problem
    rows = queries.contacts_by_id(queries.find_prefix(search, limit=limit))
    return [contact_out(rows[pk]) for pk in sorted(rows)]


@router.post("/", auth=EDIT, response={201: ContactOut}, summary="Store a contact")
def create_contact(request: HttpRequest, *, given: ContactIn) -> Status[ContactOut]:
    """Store a contact, or update the one with this address; it is not mailable by this."""
    try:
        contact = actions.create_contact(
            given.address,
            now=clock.now(),
            actor=actor_of(request),
            source="api",
            **given.dict(exclude={"address"}),
        )
    except (BadAddress, actions.BadChange) as problem:
        raise _refused(problem) from problem
    return Status(201, contact_out(contact))


@router.get("/lists", auth=VIEW, response=ListPage, summary="Lists")
def list_lists(request: HttpRequest, *, archived: bool = False) -> ListPage:
    """Return all lists."""
    return ListPage(items=[list_out(row) for row in queries.contact_lists(archived=archived)])


@router.post("/lists", auth=EDIT, response={201: ListOut}, summary="Make a list")
def create_list(request: HttpRequest, *, given: ListIn) -> Status[ListOut]:
    """Store an empty list."""
    if queries.list_named(given.name):
        raise HttpError(409, "There is a list with this name already.")
    made = actions.create_list(
        given.name, description=given.description, now=clock.now(), actor=actor_of(request)
    )
    return Status(201, list_out(made))


@router.get("/lists/{list_id}/members", auth=VIEW, response=ContactPage, summary="On a list")
def list_members(
    request: HttpRequest, *, list_id: int, after: int = 0, limit: int = 100
) -> ContactPage:
    """Return the list's contacts in order of id."""
    limit = max(1, min(limit, MAX_PAGE))
    rows = queries.list_members(_list(list_id).pk, after=after, limit=limit)
    last = rows[-1].pk if len(rows) == limit else None
    return ContactPage(items=[contact_out(row) for row in rows], next=last)


@router.post("/lists/{list_id}/members", auth=EDIT, response=ChangedCount, summary="Put on a list")
def add_members(request: HttpRequest, *, list_id: int, given: ContactIds) -> ChangedCount:
    """Put contacts on a list; those on it already and unknown ids are passed over."""
    added = actions.add_to_list(
        _list(list_id).pk, given.contact_ids, now=clock.now(), actor=actor_of(request)
    )
    return ChangedCount(count=len(added))


@router.post("/lists/{list_id}/remove", auth=EDIT, response=ChangedCount, summary="Take off a list")
def remove_members(request: HttpRequest, *, list_id: int, given: ContactIds) -> ChangedCount:
    """Take contacts off a list."""
    removed = actions.remove_from_list(
        _list(list_id).pk, given.contact_ids, now=clock.now(), actor=actor_of(request)
    )
    return ChangedCount(count=len(removed))


@router.get("/fields", auth=VIEW, response=list[FieldOut], summary="Custom fields")
def list_fields(request: HttpRequest) -> list[FieldOut]:
    """Return every custom field, archived ones too."""
    return [field_out(row) for row in queries.field_definitions(archived=True)]


@router.post("/fields", auth=SETTINGS, response={201: FieldOut}, summary="Define a custom field")
def define_field(request: HttpRequest, *, given: FieldIn) -> Status[FieldOut]:
    """Define a custom field."""
    if queries.field_named(given.name):
        raise HttpError(409, "There is a field with this name already.")
    field = actions.define_field(
        given.name,
        kind=given.kind,
        choices=given.choices,
        now=clock.now(),
        actor=actor_of(request),
    )
    return Status(201, field_out(field))


@router.get("/{int:contact_id}", auth=VIEW, response=ContactOut, summary="One contact")
def get_contact(request: HttpRequest, *, contact_id: int) -> ContactOut:
    """Return one contact."""
    return contact_out(_contact(contact_id))


@router.patch("/{int:contact_id}", auth=EDIT, response=ContactOut, summary="Change a contact")
def edit_contact(request: HttpRequest, *, contact_id: int, given: ContactChange) -> ContactOut:
    """Change the columns that are given."""
    changes = {k: v for k, v in given.dict(exclude_unset=True).items() if v is not None}
    _contact(contact_id)
    try:
        changed = actions.edit_contact(
            contact_id, changes=changes, now=clock.now(), actor=actor_of(request)
        )
    except (BadAddress, actions.BadChange) as problem:
        raise _refused(problem) from problem
    return contact_out(changed)
