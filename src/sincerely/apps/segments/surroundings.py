"""What a rule is read in: the names behind its ids, the account's time zone, the half-life."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, tzinfo
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sincerely.apps.consent.models import SubscriptionType
from sincerely.apps.contacts.models import ContactList, FieldDefinition
from sincerely.apps.engagement.models import Link, Mailing
from sincerely.apps.labels.models import Label
from sincerely.apps.segments.models import Segment
from sincerely.apps.segments.rules.catalogue import (
    CUSTOM,
    Catalogue,
    FieldEntry,
    LinkEntry,
    SegmentEntry,
)
from sincerely.apps.segments.rules.expanding import segments_used
from sincerely.apps.segments.rules.moment import Moment
from sincerely.apps.segments.rules.tree import walk
from sincerely.apps.team.queries import organisation


def moment_at(now: datetime, zone: tzinfo | None = None) -> Moment:
    """Return the moment at which rules are read, in the account's time zone unless given."""
    account = organisation()
    if account is None:
        return Moment(now) if zone is None else Moment(now, zone)
    return Moment(now, zone or _zone(account.time_zone), account.label_half_life_days)


def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def catalogue_of(*rules: object) -> Catalogue:
    """Return the names that these rules and the segments they use need; what is gone is missing."""
    segments = _segments(rules)
    named = _named([*rules, *(entry.rule for entry in segments.values())])
    return Catalogue(
        labels=dict(
            Label.objects.filter(pk__in=named["label"], merged_into=None).values_list("pk", "name")
        ),
        lists=dict(ContactList.objects.filter(pk__in=named["list"]).values_list("pk", "name")),
        segments=segments,
        types=dict(SubscriptionType.objects.filter(pk__in=named["type"]).values_list("pk", "name")),
        mailings=dict(Mailing.objects.filter(pk__in=named["mailing"]).values_list("pk", "name")),
        links=_links(Link.objects.filter(pk__in=named["links"])),
        fields=_fields() if named["field"] else {},
    )


def _segments(rules: Iterable[object]) -> dict[int, SegmentEntry]:
    """Load the segments that rules use, and those that these use, level by level."""
    found: dict[int, SegmentEntry] = {}
    wanted = set().union(*(segments_used(rule) for rule in rules if isinstance(rule, dict)), ())
    while wanted:
        rows = Segment.objects.filter(pk__in=wanted).values_list("pk", "name", "rule")
        fresh = {number: SegmentEntry(name, rule) for number, name, rule in rows}
        found |= fresh
        used = (segments_used(dict(entry.rule)) for entry in fresh.values())
        wanted = set().union(*used, ()) - set(found)
    return found


def _named(rules: Iterable[object]) -> dict[str, set[Any]]:
    named: dict[str, set[Any]] = {
        key: set() for key in ("label", "list", "type", "mailing", "links", "field")
    }
    for rule in rules:
        for _path, node in walk(rule) if isinstance(rule, dict) else ():
            for key in named if isinstance(node, dict) else ():
                value = node.get(key)
                for one in value if isinstance(value, list) else [value]:
                    if isinstance(one, int | str) and not isinstance(one, bool):
                        named[key].add(one)
    numbers = {
        key: {one for one in found if isinstance(one, int) and 0 < one < 2**63}
        for key, found in named.items()
        if key != "field"
    }
    return {**numbers, "field": named["field"]}


def _links(rows: Iterable[Link]) -> dict[int, LinkEntry]:
    return {
        link.pk: LinkEntry(link.text or link.url, link.mailing_id, link.role, link.label_id)
        for link in rows
    }


def _fields() -> dict[str, FieldEntry]:
    return {
        f"{CUSTOM}{field.key}": FieldEntry(field.name, field.kind, tuple(field.choices))
        for field in FieldDefinition.objects.all()
    }


def full_catalogue(rule: object, *, mailing_limit: int = 300) -> Catalogue:
    """Return everything that a form may offer, and what the rule names beyond that."""
    named = catalogue_of(rule)
    recent = Mailing.objects.order_by("-pk")[:mailing_limit]
    mailings = {mailing.pk: mailing.name for mailing in recent}
    chosen = _named([rule])["mailing"]
    segments = Segment.objects.filter(archived_at=None).order_by("name")
    return Catalogue(
        labels=dict(
            Label.objects.filter(archived_at=None, merged_into=None)
            .order_by("name")
            .values_list("pk", "name")
        )
        | dict(named.labels),
        lists=dict(
            ContactList.objects.filter(archived_at=None).order_by("name").values_list("pk", "name")
        )
        | dict(named.lists),
        segments={row.pk: SegmentEntry(row.name, row.rule) for row in segments}
        | dict(named.segments),
        types=dict(SubscriptionType.objects.filter(archived_at=None).values_list("pk", "name"))
        | dict(named.types),
        mailings=mailings | dict(named.mailings),
        links=_links(Link.objects.filter(mailing_id__in=chosen).order_by("number"))
        | dict(named.links),
        fields=_fields(),
    )
