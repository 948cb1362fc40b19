"""Rollups from events, the plain way: what the incremental ones must equal. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

MOST = 32_000  # counts are small integers; nobody needs to know more exactly


@dataclass(frozen=True, slots=True)
class Happened:
    """One event, as far as rollups need it."""

    contact_id: int
    mailing_id: int | None
    message_id: int | None
    kind: str
    verdict: str
    at: datetime


@dataclass(slots=True)
class DeliveryRollup:
    """What the row per mailing, contact and message must say."""

    sent_at: datetime | None = None
    delivered_at: datetime | None = None
    bounced_at: datetime | None = None
    unsubscribed_at: datetime | None = None
    complained_at: datetime | None = None
    human_open_count: int = 0
    undecided_open_count: int = 0
    machine_open_count: int = 0
    human_click_count: int = 0
    undecided_click_count: int = 0
    machine_click_count: int = 0
    first_open_at: datetime | None = None
    first_click_at: datetime | None = None


@dataclass(slots=True)
class ContactRollup:
    """What the row per contact must say (imported history is kept beside it)."""

    last_sent_at: datetime | None = None
    last_open_at: datetime | None = None
    last_click_at: datetime | None = None
    last_reply_at: datetime | None = None
    last_machine_open_at: datetime | None = None
    sent_count: int = 0
    delivered_count: int = 0
    open_count: int = 0
    click_count: int = 0
    sent_since_engaged_count: int = 0


Key = tuple[int, int, int]
DATED = {
    "sent": "sent_at",
    "delivered": "delivered_at",
    "bounced": "bounced_at",
    "unsubscribed": "unsubscribed_at",
    "complained": "complained_at",
}
COUNTED = {"opened": "open", "clicked": "click"}


@dataclass(slots=True)
class Rollups:
    """All rollups of some contacts."""

    deliveries: dict[Key, DeliveryRollup] = field(default_factory=dict)
    contacts: dict[int, ContactRollup] = field(default_factory=dict)


def roll_up(events: Iterable[Happened], *, kept_opens: dict[int, datetime | None]) -> Rollups:
    """Return the rollups that these events add up to; `events` hold all of each contact.

    `kept_opens` gives the last open of contacts in the hygiene tier, of whom no event is kept.
    """
    rollups = Rollups()
    sent: dict[int, list[datetime]] = {}
    for event in events:
        contact = rollups.contacts.setdefault(event.contact_id, ContactRollup())
        _add_to_contact(contact, event)
        if event.kind == "sent":
            sent.setdefault(event.contact_id, []).append(event.at)
        if event.mailing_id is not None and event.message_id is not None:
            key = (event.contact_id, event.mailing_id, event.message_id)
            _add_to_delivery(rollups.deliveries.setdefault(key, DeliveryRollup()), event)
    for contact_id, kept in kept_opens.items():
        rollups.contacts.setdefault(contact_id, ContactRollup()).last_open_at = kept
    for contact_id, contact in rollups.contacts.items():
        contact.sent_since_engaged_count = sent_since(contact, sent.get(contact_id, []))
    return rollups


def sent_since(contact: ContactRollup, sent: list[datetime]) -> int:
    """Return how many mails went out after the contact last opened, clicked or replied."""
    engaged = [
        at for at in (contact.last_open_at, contact.last_click_at, contact.last_reply_at) if at
    ]
    return len(sent) if not engaged else sum(at > max(engaged) for at in sent)


def _add_to_contact(contact: ContactRollup, event: Happened) -> None:
    match event.kind, event.verdict:
        case "sent", _:
            contact.sent_count += 1
            contact.last_sent_at = _later(contact.last_sent_at, event.at)
        case "delivered", _:
            contact.delivered_count += 1
        case "opened", "human":
            contact.open_count += 1
            contact.last_open_at = _later(contact.last_open_at, event.at)
        case "opened", "machine":
            contact.last_machine_open_at = _later(contact.last_machine_open_at, event.at)
        case "clicked", "human":
            contact.click_count += 1
            contact.last_click_at = _later(contact.last_click_at, event.at)
        case "replied", _:
            contact.last_reply_at = _later(contact.last_reply_at, event.at)


def _add_to_delivery(delivery: DeliveryRollup, event: Happened) -> None:
    if event.kind in DATED:
        name = DATED[event.kind]
        setattr(delivery, name, _earlier(getattr(delivery, name), event.at))
    elif event.kind in COUNTED:
        noun = COUNTED[event.kind]
        name = f"{event.verdict}_{noun}_count"
        setattr(delivery, name, min(MOST, getattr(delivery, name) + 1))
        if event.verdict == "human":
            first = f"first_{noun}_at"
            setattr(delivery, first, _earlier(getattr(delivery, first), event.at))


def _later(one: datetime | None, other: datetime) -> datetime:
    return other if one is None else max(one, other)


def _earlier(one: datetime | None, other: datetime) -> datetime:
    return other if one is None else min(one, other)
