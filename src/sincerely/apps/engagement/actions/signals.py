"""Captures become signals: nonce checked, tier obeyed, judged once at the hit."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Count

from sincerely.apps.contacts.models import TrackingTier
from sincerely.apps.engagement import sql
from sincerely.apps.engagement.actions.acting import Change, act_on
from sincerely.apps.engagement.actions.watermarks import count_dropped
from sincerely.apps.engagement.models import Signal
from sincerely.apps.engagement.queries.facts import (
    LinkFacts,
    is_prefetch,
    links_of,
    signals_of,
    types_of,
)
from sincerely.apps.engagement.rules.changes import ClickChange
from sincerely.apps.engagement.rules.facts import MessageFacts, OneClick
from sincerely.apps.engagement.rules.verdict import (
    HUMAN,
    WINDOWS,
    Circumstances,
    Hit,
    judge,
    judge_hit,
)
from sincerely.wire.capture import CLICK, OPEN, UNSUBSCRIBE, Capture, Stored

KINDS = {OPEN: "open", CLICK: "click", UNSUBSCRIBE: "unsubscribe"}
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MOST_PER_MESSAGE = 400  # beyond that somebody plays; more would only cost


@dataclass(slots=True)
class Taken:
    """What a slice of captures led to at once."""

    clicks: list[ClickChange] = field(default_factory=list)
    one_clicks: list[OneClick] = field(default_factory=list)


def take(captures: Sequence[Stored], messages: dict[int, MessageFacts], *, now: datetime) -> Taken:
    """Store these captures as signals and judge them; call inside the fold's transaction.

    `messages` holds the facts of every message that exists among those named. What is forged,
    foreign or too much is dropped and counted.
    """
    known = [stored for stored in captures if _is_ours(stored.capture, messages)]
    tracked, opens = _by_tier(known, messages)
    tracked, flooded = _bounded(tracked)
    count_dropped(len(captures) - len(known) + flooded, now=now)
    links = links_of({stored.capture.mailing_id for stored in tracked})
    rows = [_signal_row(s, messages[s.capture.message_id], links=links, now=now) for s in tracked]
    sql.run_many(sql.ADD_SIGNALS, rows)
    _keep_open_days(opens, messages, now)
    return Taken(
        clicks=_judge_at_the_hit(tracked, now),
        one_clicks=_one_clicks([s.capture for s in known], messages, now),
    )


def when(capture: Capture, now: datetime) -> datetime:
    """Return when it was; a clock that runs ahead does not make a signal of the future."""
    return min(EPOCH + timedelta(microseconds=capture.at_us), now)


def _is_ours(capture: Capture, messages: dict[int, MessageFacts]) -> bool:
    facts = messages.get(capture.message_id)
    return (
        facts is not None
        and facts.nonce == capture.nonce
        and facts.mailing_id == capture.mailing_id
    )


def _by_tier(
    known: list[Stored], messages: dict[int, MessageFacts]
) -> tuple[list[Stored], list[Capture]]:
    """Return what may be kept whole, and the opens of which only the day may be kept."""
    tiers = {stored.id: messages[stored.capture.message_id].tier for stored in known}
    tracked = [stored for stored in known if tiers[stored.id] == TrackingTier.FULL]
    opens = [
        stored.capture
        for stored in known
        if tiers[stored.id] == TrackingTier.HYGIENE and stored.capture.kind == OPEN
    ]
    return tracked, opens


def _bounded(tracked: list[Stored]) -> tuple[list[Stored], int]:
    """Leave out what goes beyond the most that one message may have."""
    ids = {stored.capture.message_id for stored in tracked}
    held: Counter[int] = Counter(
        dict(
            Signal.objects.filter(message_id__in=ids)
            .values_list("message_id")
            .annotate(Count("id"))
        )
    )
    kept = []
    for stored in tracked:
        held[stored.capture.message_id] += 1
        if held[stored.capture.message_id] <= MOST_PER_MESSAGE:
            kept.append(stored)
    return kept, len(tracked) - len(kept)


def _signal_row(
    stored: Stored,
    facts: MessageFacts,
    *,
    links: dict[int, dict[int, LinkFacts]],
    now: datetime,
) -> tuple[Any, ...]:
    capture = stored.capture
    link = links[capture.mailing_id].get(capture.link_number) if capture.link_number else None
    return (
        stored.id, KINDS[capture.kind], sql.at(when(capture, now)), facts.contact_id,
        capture.mailing_id, capture.message_id, link.id if link else None, capture.ip or None,
        capture.user_agent[:400], capture.method[:8], capture.headers or "{}",
        capture.is_simulated,
    )  # fmt: skip


def _keep_open_days(opens: list[Capture], messages: dict[int, MessageFacts], now: datetime) -> None:
    """Keep the day of the last human open of contacts who allow no more than that."""
    days: dict[int, datetime] = {}
    for capture in opens:
        if _is_human_alone(capture, now):
            at = when(capture, now).replace(hour=0, minute=0, second=0, microsecond=0)
            contact_id = messages[capture.message_id].contact_id
            days[contact_id] = max(at, days.get(contact_id, at))
    rows = (sql.contact_row(key, {"last_open_at": at}) for key, at in sorted(days.items()))
    sql.run_many(sql.SET_OPEN_DAY, rows)
    sql.run_many(sql.COUNT_SENT_SINCE, ((contact_id,) for contact_id in days))


def _is_human_alone(capture: Capture, now: datetime) -> bool:
    """Judge an open by itself: nothing of it is kept that later signals could be seen with."""
    hit = Hit(
        kind="open",
        at=when(capture, now),
        ip=capture.ip,
        user_agent=capture.user_agent,
        method=capture.method,
        is_prefetch=is_prefetch(json.loads(capture.headers or "{}")),
        is_simulated=capture.is_simulated,
    )
    return judge([hit], Circumstances(), WINDOWS[1])[0].verdict == HUMAN


def _judge_at_the_hit(tracked: list[Stored], now: datetime) -> list[ClickChange]:
    """Write the first round; what is simulated counts at once, the rest waits for the second."""
    captured = [stored.id for stored in tracked if stored.capture.kind != UNSUBSCRIBE]
    if not captured:
        return []
    fresh = set(
        Signal.objects.filter(capture_id__range=(captured[0], captured[-1])).values_list(
            "pk", flat=True
        )
    )
    verdicts: list[tuple[Any, ...]] = []
    changes: list[Change] = []
    for message in signals_of({s.capture.message_id for s in tracked}).values():
        for signal in message.signals:
            if signal.id not in fresh:
                continue
            found = judge_hit(signal.hit, message.hits, message.circumstances, window=WINDOWS[1])
            verdicts.append(
                (signal.id, 1, found.verdict, found.machine_probability,
                 json.dumps(found.reasons), sql.at(now))
            )  # fmt: skip
            if signal.hit.is_simulated:
                changes.append(Change(signal, None, found))
    sql.run_many(sql.ADD_VERDICTS, verdicts)
    return act_on(changes)


def _one_clicks(
    captures: list[Capture], messages: dict[int, MessageFacts], now: datetime
) -> list[OneClick]:
    """Return the one-click unsubscribes, each message once."""
    asked = {c.message_id: c for c in captures if c.kind == UNSUBSCRIBE}
    types = types_of({capture.mailing_id for capture in asked.values()})
    return [
        OneClick(
            contact_id=messages[message_id].contact_id,
            mailing_id=capture.mailing_id,
            message_id=message_id,
            subscription_type_id=types.get(capture.mailing_id),
            at=when(capture, now),
            ip=capture.ip,
            user_agent=capture.user_agent,
        )
        for message_id, capture in asked.items()
    ]
