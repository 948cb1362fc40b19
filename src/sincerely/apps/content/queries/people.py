"""Reads what a mail says about its contacts: one plain mapping each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime
from operator import itemgetter
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Sum

from sincerely.apps.contacts.models import Contact, FieldDefinition
from sincerely.apps.interests.models import ContactLabel, LabelDay
from sincerely.apps.segments.queries import matching
from sincerely.apps.segments.rules import WrongRule
from sincerely.apps.team.queries import organisation

STANDARD = (
    "first_name",
    "last_name",
    "name",
    "email",
    "language",
    "time_zone",
    "source",
    "signed_up_on",
    "labels",
    "label_clicks",
    "today",
)
Row = Mapping[str, Any]
# A standard field: its columns and its reading; any other name is a custom field, in `fields`.
READ: dict[str, tuple[tuple[str, ...], Callable[[Row], Any]]] = {
    "first_name": (("first_name",), itemgetter("first_name")),
    "last_name": (("last_name",), itemgetter("last_name")),
    "name": (
        ("first_name", "last_name"),
        lambda row: f"{row['first_name']} {row['last_name']}".strip(),
    ),
    "email": (("address",), itemgetter("address")),
    "language": (("language",), itemgetter("language")),
    "time_zone": (("time_zone",), itemgetter("time_zone")),
    "source": (("source",), itemgetter("source")),
    "signed_up_on": (
        ("signed_up_at",),
        lambda row: row["signed_up_at"].date().isoformat() if row["signed_up_at"] else "",
    ),
}
ELSEWHERE = {"labels", "label_clicks", "today"}


def known_fields() -> frozenset[str]:
    """Return every name that may follow `contact.` in a mail."""
    custom = FieldDefinition.objects.filter(archived_at=None).values_list("key", flat=True)
    return frozenset({*STANDARD, *custom})


def people_facts(
    contact_ids: Collection[int], fields: Collection[str], *, now: datetime
) -> dict[int, dict[str, Any]]:
    """Return the facts that a mail reads, by contact id; `fields` are the renderer's."""
    people = _columns(contact_ids, {*fields, "time_zone"} if "today" in fields else set(fields))
    if "labels" in fields:
        for contact_id, names in _labels(contact_ids).items():
            people.get(contact_id, {})["labels"] = names
    if "label_clicks" in fields:
        for contact_id, clicks in _clicks(contact_ids).items():
            people.get(contact_id, {})["label_clicks"] = clicks
    if "today" in fields:
        zone = house_zone()
        for person in people.values():
            person["today"] = now.astimezone(_zone(person["time_zone"], zone)).date().isoformat()
    return people


def _columns(contact_ids: Collection[int], wanted: set[str]) -> dict[int, dict[str, Any]]:
    """What stands in the contact's own row: no more than the mail reads, for a sender is quick."""
    standard = [(name, READ[name][1]) for name in READ if name in wanted]
    columns = {column for name, _ in standard for column in READ[name][0]}
    if wanted - READ.keys() - ELSEWHERE:
        columns.add("fields")
    named = sorted(columns)
    people: dict[int, dict[str, Any]] = {}
    for row in Contact.objects.filter(pk__in=list(contact_ids)).values_list("id", *named):
        found = dict(zip(named, row[1:], strict=True))
        own = {name: read(found) for name, read in standard}
        people[row[0]] = found["fields"] | own if "fields" in found else own
    return people


def _labels(contact_ids: Collection[int]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = defaultdict(list)
    rows = ContactLabel.objects.filter(
        contact_id__in=list(contact_ids), is_held=True, label__archived_at=None
    )
    for contact_id, name in rows.order_by("label__name").values_list("contact_id", "label__name"):
        found[contact_id].append(name)
    return found


def _clicks(contact_ids: Collection[int]) -> dict[int, dict[str, int]]:
    found: dict[int, dict[str, int]] = defaultdict(dict)
    rows = (
        LabelDay.objects.filter(contact_id__in=list(contact_ids))
        .values_list("contact_id", "label__name")
        .annotate(clicks=Sum("human_count"))
    )
    for contact_id, name, clicks in rows:
        found[contact_id][name] = clicks
    return found


def house_zone() -> ZoneInfo:
    """Return the organisation's time zone."""
    house = organisation()
    return ZoneInfo(house.time_zone if house else "UTC")


def _zone(name: str, fallback: ZoneInfo) -> ZoneInfo:
    try:
        return ZoneInfo(name) if name else fallback
    except (KeyError, ValueError, OSError):
        return fallback


def shown_blocks(
    block_rules: Mapping[str, Any], contact_ids: Iterable[int], *, now: datetime
) -> dict[int, frozenset[int]]:
    """Return, for each contact, the numbers of the blocks whose rules it fulfils.

    One statement per rule and batch; a rule that has lost its meaning fits nobody.
    """
    ids = list(contact_ids)
    shown: dict[int, set[int]] = {contact_id: set() for contact_id in ids}
    for number, rule in block_rules.items():
        try:
            fitting = matching(rule, ids, now=now)
        except WrongRule:  # a label or segment went after the launch: the alternative is shown
            continue
        for contact_id in fitting:
            shown[contact_id].add(int(number))
    return {contact_id: frozenset(numbers) for contact_id, numbers in shown.items()}
