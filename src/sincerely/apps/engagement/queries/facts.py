"""What is known of the signals of some messages, read in a few statements for a whole slice."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from sincerely.apps.engagement.models import (
    Delivery,
    Event,
    EventKind,
    Link,
    Mailing,
    SignalVerdict,
)
from sincerely.apps.engagement.rules.verdict import Circumstances, Hit
from sincerely.apps.engagement.sql import moment_of

SYSTEM_ROLES = ("unsubscribe", "preferences", "legal", "view")
SURE_ACTS = (EventKind.REPLIED, EventKind.FORWARDED, EventKind.CONFIRMED)


@dataclass(frozen=True, slots=True)
class LinkFacts:
    """A link as the fold needs it."""

    id: int
    number: int
    role: str
    label_id: int | None


@dataclass(frozen=True, slots=True)
class SignalFacts:
    """A signal with the hit that the verdict rules read."""

    id: int
    contact_id: int
    mailing_id: int
    message_id: int
    link: LinkFacts | None
    hit: Hit


@dataclass(frozen=True, slots=True)
class MessageSignals:
    """All signals of one message in order, and the circumstances they are judged in."""

    signals: list[SignalFacts]
    circumstances: Circumstances

    @property
    def hits(self) -> list[Hit]:
        """The hits alone, in the same order."""
        return [signal.hit for signal in self.signals]


def links_of(mailing_ids: Collection[int]) -> dict[int, dict[int, LinkFacts]]:
    """Return the links of each mailing by their number."""
    found: dict[int, dict[int, LinkFacts]] = defaultdict(dict)
    rows = Link.objects.filter(mailing_id__in=mailing_ids)
    names = ("mailing_id", "id", "number", "role", "label_id")
    for mailing_id, id_, number, role, label_id in rows.values_list(*names):
        link = LinkFacts(id_, number, role, label_id)
        found[mailing_id][link.number] = link
    return found


def types_of(mailing_ids: Collection[int]) -> dict[int, int | None]:
    """Return each mailing's subscription type."""
    rows = Mailing.objects.filter(pk__in=mailing_ids)
    return dict(rows.values_list("pk", "subscription_type_id"))


def signals_of(message_ids: Collection[int]) -> dict[int, MessageSignals]:
    """Return what is known of these messages' signals; messages without any are left out."""
    if not message_ids:
        return {}
    rows = _signal_rows(list(message_ids))
    links = links_of({row[2] for row in rows})
    by_id = {link.id: link for numbered in links.values() for link in numbered.values()}
    grouped: dict[int, list[SignalFacts]] = defaultdict(list)
    for row in rows:
        grouped[row[3]].append(_signal(row, by_id.get(row[4] or 0)))
    circumstances = circumstances_of({row[3]: (row[1], row[2]) for row in rows}, links)
    return {key: MessageSignals(found, circumstances[key]) for key, found in grouped.items()}


def circumstances_of(
    messages: dict[int, tuple[int, int]], links: dict[int, dict[int, LinkFacts]]
) -> dict[int, Circumstances]:
    """Return when each message (contact, mailing) was delivered and what its reader surely did."""
    contacts = {contact for contact, _mailing in messages.values()}
    mailings = {mailing for _contact, mailing in messages.values()}
    delivered: dict[int, datetime | None] = dict(
        Delivery.objects.filter(mailing_id__in=mailings, contact_id__in=contacts).values_list(
            "message_id", "delivered_at"
        )
    )
    acted: dict[int, list[datetime]] = defaultdict(list)
    events = Event.objects.filter(
        mailing_id__in=mailings, kind__in=SURE_ACTS, contact_id__in=contacts
    )
    for message_id, moment in events.values_list("message_id", "at"):
        acted[message_id or 0].append(moment)
    return {
        message_id: Circumstances(
            delivered_at=delivered.get(message_id),
            link_count=sum(link.role not in SYSTEM_ROLES for link in links[mailing].values()),
            acted_at=tuple(acted.get(message_id, ())),
        )
        for message_id, (_contact, mailing) in messages.items()
    }


def current_verdicts(signal_ids: Iterable[int]) -> dict[int, tuple[int, str, float]]:
    """Return the latest round, verdict and probability of each signal."""
    rows = (
        SignalVerdict.objects.filter(signal_id__in=list(signal_ids))
        .order_by("round")
        .values_list("signal_id", "round", "verdict", "machine_probability")
    )
    return {signal_id: (number, verdict, p) for signal_id, number, verdict, p in rows}


def _signal_rows(message_ids: list[int]) -> list[tuple[Any, ...]]:
    """Read the signals in their order; raw, because this is the hottest read of the fold."""
    places = ", ".join(["%s"] * len(message_ids))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, contact_id, mailing_id, message_id, link_id, kind, at, ip, user_agent,"  # noqa: S608 -- only places
            " method, headers, is_simulated FROM engagement_signal"
            f" WHERE kind IN ('open', 'click') AND message_id IN ({places})"
            " ORDER BY message_id, at, id",
            message_ids,
        )
        return list(cursor.fetchall())


def _signal(row: tuple[Any, ...], link: LinkFacts | None) -> SignalFacts:
    id_, contact_id, mailing_id, message_id, _link, kind, at, ip, agent, method, headers, sim = row
    if isinstance(headers, str):
        headers = json.loads(headers) if headers != "{}" else None
    return SignalFacts(
        id=id_,
        contact_id=contact_id,
        mailing_id=mailing_id,
        message_id=message_id,
        link=link,
        hit=Hit(
            kind=kind,
            at=moment_of(at),
            link_number=link.number if link else 0,
            is_system_link=link is None or link.role in SYSTEM_ROLES,
            ip=str(ip or ""),
            user_agent=agent,
            method=method,
            is_prefetch=bool(headers) and is_prefetch(headers),
            is_simulated=bool(sim),
        ),
    )


def is_prefetch(headers: object) -> bool:
    """Say whether the request's kept headers tell of a fetch ahead of the reader."""
    if not isinstance(headers, dict):
        return False
    names = ("purpose", "sec-purpose", "x-purpose", "x-moz")
    told = " ".join(str(headers.get(name, "")) for name in names).lower()
    return any(word in told for word in ("prefetch", "prerender", "preview"))
