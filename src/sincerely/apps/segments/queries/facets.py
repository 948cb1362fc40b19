"""Reads of the fields that have few values: who has which."""

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


def facet_fields() -> list[str]:
    """Return the fields that may have a set per value."""
    return list(_kinds())


def _kinds() -> dict[str, str]:
    custom = FieldDefinition.objects.filter(kind__in=KINDS).values_list("key", "kind")
    return STANDARD | {f"{CUSTOM}{key}": kind for key, kind in custom}


def values_of(
    field: str, *, among: Collection[int] | None = None, most: int | None = None
) -> dict[str, BitMap] | None:
    """Return who has each value of a field, of all or among some; None for more than `most`."""
    is_postgresql = connection.vendor == "postgresql"
    sql, params = facet(field, _kinds()[field], is_postgresql=is_postgresql)
    found: dict[str, BitMap] = defaultdict(BitMap)
    for where, limits in _ranges(among):
        lists: dict[str, list[int]] = defaultdict(list)
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT c.id, {sql} FROM contacts_contact c WHERE {where}", (*params, *limits)
            )
            for contact_id, value in cursor.fetchall():
                if value is not None:
                    lists[value].append(contact_id)
        for value, ids in lists.items():
            found[value].update(ids)
        if most is not None and len(found) > most:
            return None
    return dict(found)


def _ranges(among: Collection[int] | None) -> Iterator[tuple[str, tuple[Any, ...]]]:
    if among is not None:
        yield within("c.id", among)
        return
    last = Contact.objects.aggregate(last=Max("pk"))["last"] or 0
    for start in range(0, last, RANGE):
        yield "c.id > %s AND c.id <= %s", (start, start + RANGE)
