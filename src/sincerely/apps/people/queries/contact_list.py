"""A page of the contact list: found, filtered, with what its columns show.

Pages go by contact id, newest first. The narrowest source (label, list, segment) is walked by its
own index and every other filter is one index probe per row, so that a page of a million contacts
takes no longer than one of a hundred.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection

from sincerely.apps.consent.models import OptOut, Permission, Suppression
from sincerely.apps.contacts.models import Contact
from sincerely.apps.contacts.queries import find_prefix
from sincerely.apps.engagement.models import ContactEngagement
from sincerely.apps.interests.models import ContactLabel
from sincerely.apps.segments.compile import WrongRule, select
from sincerely.apps.segments.models import Segment

FOUND_LIMIT = 500
LAST_ID = 2**63 - 1

_STATUS: dict[str, str] = {
    "in": (
        "EXISTS (SELECT 1 FROM consent_permission p WHERE p.contact_id = b.contact_id"
        " AND p.is_in = %s) AND NOT EXISTS (SELECT 1 FROM consent_optout o"
        " WHERE o.contact_id = b.contact_id)"
    ),
    "out": (
        "(EXISTS (SELECT 1 FROM consent_optout o WHERE o.contact_id = b.contact_id)"
        " OR EXISTS (SELECT 1 FROM consent_permission p WHERE p.contact_id = b.contact_id"
        " AND p.is_in = %s))"
    ),
    "unspecified": (
        "NOT EXISTS (SELECT 1 FROM consent_permission p"
        " WHERE p.contact_id = b.contact_id) AND NOT EXISTS (SELECT 1 FROM consent_optout o"
        " WHERE o.contact_id = b.contact_id)"
    ),
    "suppressed": (
        "EXISTS (SELECT 1 FROM contacts_contact k JOIN consent_suppression s"
        " ON s.address_key = k.address_key AND s.lifted_at IS NULL WHERE k.id = b.contact_id)"
    ),
}
_STATUS_PARAMS: dict[str, tuple[bool, ...]] = {"in": (True,), "out": (False,)}
# The few who left or are blocked are read from their own tables: a walk over all would be long.
_FEW: dict[str, tuple[str, tuple[bool, ...]]] = {
    "out": (
        (
            "SELECT contact_id FROM consent_optout UNION"
            " SELECT contact_id FROM consent_permission WHERE is_in = %s"
        ),
        (False,),
    ),
    "suppressed": (
        (
            "SELECT DISTINCT k.id AS contact_id FROM consent_suppression s"
            " JOIN contacts_contact k ON k.address_key = s.address_key WHERE s.lifted_at IS NULL"
        ),
        (),
    ),
}
_LABEL = (
    "SELECT contact_id FROM interests_contactlabel WHERE label_id = %s AND is_held = %s",
    (
        "EXISTS (SELECT 1 FROM interests_contactlabel l WHERE l.contact_id = b.contact_id"
        " AND l.label_id = %s AND l.is_held = %s)"
    ),
)
_LIST = (
    "SELECT contact_id FROM contacts_listmembership WHERE contact_list_id = %s",
    (
        "EXISTS (SELECT 1 FROM contacts_listmembership m WHERE m.contact_list_id = %s"
        " AND m.contact_id = b.contact_id)"
    ),
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the reader looks for; empty means everybody."""

    text: str = ""
    label_id: int | None = None
    list_id: int | None = None
    segment_id: int | None = None
    status: str = ""

    @property
    def is_filtered(self) -> bool:
        """True where not everybody is wanted."""
        return bool(self.text or self.label_id or self.list_id or self.segment_id or self.status)


@dataclass(slots=True)
class Row:
    """One line of the list."""

    contact: Contact
    state: str = "unspecified"
    labels: list[ContactLabel] = field(default_factory=list)
    engagement: ContactEngagement | None = None


def wanted_ids(
    wanted: Wanted, *, now: datetime, before: int = LAST_ID, limit: int = 50
) -> list[int]:
    """Return ids below `before` of the contacts that are wanted, newest first.

    Raises WrongRule for a segment that cannot be read.
    """
    source, source_params, tests, params = _plan(wanted, now=now)
    if source is None:
        return []
    where = " AND ".join(["b.contact_id < %s", *tests])
    sql = f"SELECT b.contact_id FROM ({source}) b WHERE {where} ORDER BY b.contact_id DESC LIMIT %s"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(sql, [*source_params, before, *params, limit])
        return [row[0] for row in cursor.fetchall()]


Plan = tuple[str | None, list[Any], list[str], list[Any]]


def _plan(wanted: Wanted, *, now: datetime) -> Plan:
    """Return the source to walk and the tests that each of its rows must pass."""
    sources = _sources(wanted, now=now)
    if sources is None:
        return None, [], [], []
    if not sources and wanted.status in _FEW:
        few, few_params = _FEW[wanted.status]
        return few, list(few_params), [], []
    tests = [test for _source, test, _params in sources[1:]]
    params = [value for _source, _test, given in sources[1:] for value in given]
    if wanted.status in _STATUS:
        tests.append(_STATUS[wanted.status])
        params.extend(_STATUS_PARAMS.get(wanted.status, ()))
    if not sources:
        return "SELECT id AS contact_id FROM contacts_contact", [], tests, params
    return sources[0][0], sources[0][2], tests, params


def _sources(wanted: Wanted, *, now: datetime) -> list[tuple[str, str, list[Any]]] | None:
    """Return each filter as a source to walk and as a test of a row; None where nobody fits."""
    sources: list[tuple[str, str, list[Any]]] = []
    if wanted.text:
        ids = find_prefix(wanted.text, limit=FOUND_LIMIT)
        if not ids:
            return None
        places = ",".join(["%s"] * len(ids))
        found = f"SELECT id AS contact_id FROM contacts_contact WHERE id IN ({places})"  # noqa: S608
        sources.append((found, f"b.contact_id IN ({places})", list(ids)))
    if wanted.label_id:
        sources.append((*_LABEL, [wanted.label_id, True]))
    if wanted.list_id:
        sources.append((*_LIST, [wanted.list_id]))
    if wanted.segment_id:
        sources.append(_segment(wanted.segment_id, now=now))
    return sources


def _segment(segment_id: int, *, now: datetime) -> tuple[str, str, list[Any]]:
    found = Segment.objects.filter(pk=segment_id).first()
    if found is None:
        raise WrongRule([])
    query = select(found.rule, now=now)
    return query.sql, f"b.contact_id IN ({query.sql})", list(query.params)


def rows_of(contact_ids: Sequence[int]) -> list[Row]:
    """Return the lines for these contacts, in the order given; a handful of reads in all."""
    contacts = Contact.objects.in_bulk(list(contact_ids))
    rows = {pk: Row(contacts[pk]) for pk in contact_ids if pk in contacts}
    _fill_states(rows)
    held = ContactLabel.objects.filter(contact_id__in=rows, is_held=True).select_related("label")
    by_contact: dict[int, list[ContactLabel]] = defaultdict(list)
    for label in held.order_by("label__name"):
        by_contact[label.contact_id].append(label)
    engagement = ContactEngagement.objects.in_bulk(list(rows))
    for pk, row in rows.items():
        row.labels = by_contact[pk]
        row.engagement = engagement.get(pk)
    return list(rows.values())


def _fill_states(rows: dict[int, Row]) -> None:
    """Give each row the word for whether this person may be mailed; the strongest no wins."""
    for contact_id, is_in in Permission.objects.filter(contact_id__in=rows).values_list(
        "contact_id", "is_in"
    ):
        row = rows[contact_id]
        row.state = "in" if is_in or row.state == "in" else "out"
    for contact_id in OptOut.objects.filter(contact_id__in=rows).values_list(
        "contact_id", flat=True
    ):
        rows[contact_id].state = "out"
    keys = {bytes(row.contact.address_key): row for row in rows.values()}
    blocked = Suppression.objects.filter(address_key__in=list(keys), lifted_at=None)
    suppressed = {bytes(key) for key in blocked.values_list("address_key", flat=True)}
    for row in rows.values():
        if bytes(row.contact.address_key) in suppressed:
            row.state = "suppressed"
