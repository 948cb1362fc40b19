"""Rollups as the events say they must be, and where the stored ones differ."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, fields
from operator import attrgetter
from typing import Any

from sincerely.apps.contacts.models import Contact, TrackingTier
from sincerely.apps.engagement.models import ContactEngagement, Delivery, Event
from sincerely.apps.engagement.rules.rollups import (
    ContactRollup,
    DeliveryRollup,
    Happened,
    Rollups,
    roll_up,
)

SLICE = 1_000


def rebuilt_rollups(contact_ids: Collection[int]) -> Rollups:
    """Return what the rollups of these contacts must be by their events."""
    kept = dict(
        ContactEngagement.objects.filter(contact_id__in=contact_ids)
        .exclude(contact__tracking_tier=TrackingTier.FULL)
        .values_list("contact_id", "last_open_at")
    )
    events = Event.objects.filter(contact_id__in=contact_ids).values_list(
        "contact_id", "mailing_id", "message_id", "kind", "verdict", "at"
    )
    return roll_up((Happened(*row) for row in events.iterator(SLICE)), kept_opens=kept)


@dataclass(frozen=True, slots=True)
class Difference:
    """A rollup that does not equal its rebuild."""

    what: str
    key: tuple[int, ...]
    stored: dict[str, object]
    rebuilt: dict[str, object]


def contact_slices() -> Iterator[list[int]]:
    """Yield the ids of all contacts in slices, in order."""
    last = 0
    while True:
        found = Contact.objects.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)
        ids = list(found[:SLICE])
        if not ids:
            return
        yield ids
        last = ids[-1]


def differences(contact_ids: Collection[int]) -> Iterator[Difference]:
    """Yield every rollup of these contacts that differs from what its events say."""
    rollups = rebuilt_rollups(contact_ids)
    deliveries = Delivery.objects.filter(contact_id__in=contact_ids).values_list(
        "contact_id", "mailing_id", "message_id", *_names(DeliveryRollup)
    )
    stored = {row[:3]: row[3:] for row in deliveries}
    yield from _compared("delivery", stored, rollups.deliveries, empty=DeliveryRollup())
    contacts = ContactEngagement.objects.filter(contact_id__in=contact_ids).values_list(
        "contact_id", *_names(ContactRollup)
    )
    people = {row[:1]: row[1:] for row in contacts}
    rebuilt = {(key,): found for key, found in rollups.contacts.items()}
    yield from _compared("contact", people, rebuilt, empty=ContactRollup())


def _names(kind: type[DeliveryRollup | ContactRollup]) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))


def _compared(
    what: str,
    stored: Mapping[Any, tuple[Any, ...]],
    rebuilt: Mapping[Any, DeliveryRollup | ContactRollup],
    *,
    empty: DeliveryRollup | ContactRollup,
) -> Iterator[Difference]:
    names = _names(type(empty))
    values = attrgetter(*names)  # `asdict` copies each value, which takes most of the time
    nothing = values(empty)
    for key in sorted(stored.keys() | rebuilt.keys()):
        one, other = stored.get(key, nothing), values(rebuilt.get(key, empty))
        if one != other:
            yield Difference(
                what, key, dict(zip(names, one, strict=True)), dict(zip(names, other, strict=True))
            )
