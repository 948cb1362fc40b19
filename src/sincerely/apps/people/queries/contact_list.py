"""A page of the contact list: found, filtered, with what its columns show.

Pages go by contact id, newest first. The filters are a rule like any other, answered from stored
sets: any page of a million contacts, however few fit, takes no longer than one of a hundred.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sincerely.apps.consent.models import OptOut, Permission, SubscriptionType, Suppression
from sincerely.apps.contacts.models import Contact
from sincerely.apps.contacts.queries import find_prefix, page_before
from sincerely.apps.engagement.models import ContactEngagement
from sincerely.apps.interests.models import ContactLabel
from sincerely.apps.segments.compile import WrongRule
from sincerely.apps.segments.queries import matching, preceding, selected_set

FOUND_LIMIT = 500
LAST_ID = 2**63 - 1


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
    rule = _rule(wanted)
    try:
        return _page(wanted, rule, now=now, before=before, limit=limit)
    except WrongRule:
        # Nobody holds a label or stands on a list that is gone.
        if wanted.segment_id:
            raise
        return []


def _page(
    wanted: Wanted, rule: dict[str, Any] | None, *, now: datetime, before: int, limit: int
) -> list[int]:
    if wanted.text:
        found = find_prefix(wanted.text, limit=FOUND_LIMIT)
        ids = matching(rule, found, now=now) if rule else set(found)
        return sorted((pk for pk in ids if pk < before), reverse=True)[:limit]
    if rule is None:
        return page_before(before, limit=limit)
    return preceding(selected_set(rule, now=now), before=before, limit=limit)


def _rule(wanted: Wanted) -> dict[str, Any] | None:
    """Return the filters as a rule, None where there is none."""
    parts: list[dict[str, Any]] = []
    if wanted.label_id:
        parts.append({"criterion": "label", "label": wanted.label_id})
    if wanted.list_id:
        parts.append({"criterion": "list", "list": wanted.list_id})
    if wanted.segment_id:
        parts.append({"criterion": "segment", "segment": wanted.segment_id})
    if wanted.status:
        parts.append(_with_status(wanted.status))
    return {"all": parts} if parts else None


def _with_status(status: str) -> dict[str, Any]:
    """Return the rule for a standing with regard to all kinds of mail together."""
    if status == "suppressed":
        return {"criterion": "suppressed"}
    types = SubscriptionType.objects.order_by("pk").values_list("pk", flat=True)
    each = [{"criterion": "permission", "type": pk, "state": status} for pk in types]
    return {"all" if status == "unspecified" else "any": each}


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
