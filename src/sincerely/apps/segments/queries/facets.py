"""Reads of fields with few values, among them months of the rollup: who has which."""

# ruff: noqa: S608 -- the SQL is our own; every value is a parameter
from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from typing import Any

from django.db import connection
from django.db.models import Max
from pyroaring import BitMap

from sincerely.apps.contacts.models import Contact, FieldDefinition, FieldKind
from sincerely.apps.segments.compile import within
from sincerely.apps.segments.rules.catalogue import CUSTOM
from sincerely.apps.segments.sql.fields import facet
from sincerely.apps.segments.sql.months import COLUMNS, is_month, month_of
from sincerely.apps.segments.sql.sources import CONTACT, ROLLUP

STANDARD = {
    "language": "text",
    "time_zone": "text",
    "source": "text",
    "domain": "text",
    "tracking_tier": "choice",
}
KINDS = (FieldKind.TEXT, FieldKind.CHOICE, FieldKind.BOOLEAN)
# Contacts per read: memory stays flat.
RANGE = 100_000


def facet_fields(source: str = "") -> list[str]:
    """Return the fields that may have a set per value, of one source of touches or of all."""
    fields = list(_kinds()) if source in ("", CONTACT) else []
    return fields + (list(COLUMNS) if source in ("", ROLLUP) else [])


def _kinds() -> dict[str, str]:
    custom = FieldDefinition.objects.filter(kind__in=KINDS).values_list("key", "kind")
    return STANDARD | {f"{CUSTOM}{key}": kind for key, kind in custom}


def values_of(
    field: str, *, among: Collection[int] | None = None, most: int | None = None
) -> dict[str, BitMap] | None:
    """Return who has each value of a field, of all or among some; None for more than `most`."""
    sql, params, contact_id = _reading(field)
    found: dict[str, BitMap] = defaultdict(BitMap)
    for where, limits in _ranges(contact_id, among):
        lists: dict[str, list[int]] = defaultdict(list)
        with connection.cursor() as cursor:
            cursor.execute(f"{sql} WHERE {where}", (*params, *limits))
            for contact_id, value in cursor.fetchall():
                if value is not None:
                    lists[value].append(contact_id)
        for value, ids in lists.items():
            found[value].update(ids)
        if most is not None and len(found) > most:
            return None
    return dict(found)


def _reading(field: str) -> tuple[str, tuple[Any, ...], str]:
    """Return the statement that reads a field, its parameters, and the column of the contact."""
    if is_month(field):
        month = month_of(f"e.{COLUMNS[field]}")
        sql = f"SELECT e.contact_id, {month} FROM engagement_contactengagement e"
        return sql, (), "e.contact_id"
    value, params = facet(field, _kinds()[field], is_postgresql=connection.vendor == "postgresql")
    return f"SELECT c.id, {value} FROM contacts_contact c", tuple(params), "c.id"


def _ranges(
    contact_id: str, among: Collection[int] | None
) -> Iterator[tuple[str, tuple[Any, ...]]]:
    if among is not None:
        yield within(contact_id, among)
        return
    last = Contact.objects.aggregate(last=Max("pk"))["last"] or 0
    for start in range(0, last, RANGE):
        yield f"{contact_id} > %s AND {contact_id} <= %s", (start, start + RANGE)
