"""Captures become signals: nonce checked, tier obeyed; what is sure acts at once.

The rest is judged when its 90 seconds are over: nothing may act on a verdict before that, so none
is stored (docs/decisions/0008-fold-by-sets.md).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sincerely.apps.contacts.models import TrackingTier
from sincerely.apps.engagement import sql
from sincerely.apps.engagement.actions.acting import Change, bring_about, effects_of
from sincerely.apps.engagement.actions.rounds import VERDICT_COLUMNS, verdict_row
from sincerely.apps.engagement.actions.watermarks import count_dropped
from sincerely.apps.engagement.queries.facts import Run, is_prefetch, judged, links_of, types_of
from sincerely.apps.engagement.rules.changes import ClickChange
from sincerely.apps.engagement.rules.facts import MessageFacts, OneClick
from sincerely.apps.engagement.rules.verdict import HUMAN, WINDOWS, Circumstances, Hit, judge
from sincerely.wire.capture import CLICK, OPEN, UNSUBSCRIBE, Capture, Stored

KINDS = {OPEN: "open", CLICK: "click", UNSUBSCRIBE: "unsubscribe"}
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
FULL, HYGIENE = TrackingTier.FULL.value, TrackingTier.HYGIENE.value
MOST_PER_MESSAGE = 400  # beyond that somebody plays; more would only cost
SIGNAL_COLUMNS = (
    "capture_id", "kind", "at", "contact_id", "mailing_id", "message_id", "link_id", "ip",
    "user_agent", "method", "headers", "is_simulated",
)  # fmt: skip


@dataclass(slots=True)
class Taken:
    """What a slice of captures led to at once."""

    clicks: list[ClickChange] = field(default_factory=list)
    one_clicks: list[OneClick] = field(default_factory=list)


def take(captures: Sequence[Stored], messages: dict[int, MessageFacts], *, now: datetime) -> Taken:
    """Store these captures as signals; call inside the fold's transaction.

    `messages` holds the facts of every message that exists among those named. What is forged,
    foreign or too much is dropped and counted.
    """
    known = [stored for stored in captures if _is_ours(stored.capture, messages)]
    tracked, opens = _by_tier(known, messages)
    tracked, flooded = _bounded(tracked, messages)
    count_dropped(len(captures) - len(known) + flooded, now=now)
    sql.load("engagement_signal", SIGNAL_COLUMNS, _signal_rows(tracked, messages, now))
    _keep_open_days(opens, messages, now)
    return Taken(
        clicks=_act_at_once(tracked, now),
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
    tracked: list[Stored] = []
    opens: list[Capture] = []
    for stored in known:
        tier = messages[stored.capture.message_id].tier
        if tier == FULL:
            tracked.append(stored)
        elif tier == HYGIENE and stored.capture.kind == OPEN:
            opens.append(stored.capture)
    return tracked, opens


def _bounded(tracked: list[Stored], messages: dict[int, MessageFacts]) -> tuple[list[Stored], int]:
    """Leave out what goes beyond the most that one message may have."""
    held: dict[int, int] = {}
    kept = []
    for stored in tracked:
        message_id = stored.capture.message_id
        held[message_id] = held.get(message_id, messages[message_id].signal_count) + 1
        if held[message_id] <= MOST_PER_MESSAGE:
            kept.append(stored)
    return kept, len(tracked) - len(kept)


def _signal_rows(
    tracked: list[Stored], messages: dict[int, MessageFacts], now: datetime
) -> list[tuple[Any, ...]]:
    links = links_of({stored.capture.mailing_id for stored in tracked})
    stored_as, latest, rows = sql.counter(), (now - EPOCH) // MICROSECOND, []
    for number, capture in tracked:
        (at_us, kind, mailing_id, message_id, _nonce, link_number, ip, agent, method, headers,
         is_simulated) = capture  # fmt: skip
        link = links[mailing_id].get(link_number) if link_number else None
        rows.append(
            (number, KINDS[kind], stored_as(min(at_us, latest)),
             messages[message_id].contact_id, mailing_id, message_id, link.id if link else None,
             ip or None, agent[:400], method[:8], headers or "{}", is_simulated)
        )  # fmt: skip
    return rows


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


def _act_at_once(tracked: list[Stored], now: datetime) -> list[ClickChange]:
    """Count what came from the test mailbox: it is sure, and waits for no second look."""
    ids = {s.id for s in tracked if s.capture.is_simulated and s.capture.kind != UNSUBSCRIBE}
    if not ids:
        return []
    run = Run(min(ids) - 1, max(ids))
    sure = [pair for pair in judged(run, number=1) if pair[0].id in ids]
    moment = sql.at(now)
    rows = [verdict_row(signal.id, 1, found, moment=moment) for signal, found in sure]
    sql.load("engagement_signalverdict", VERDICT_COLUMNS, rows)
    effects = effects_of([Change(signal, None, found) for signal, found in sure])
    bring_about(effects)
    return effects.clicks


def _one_clicks(
    captures: list[Capture], messages: dict[int, MessageFacts], now: datetime
) -> list[OneClick]:
    """Return the one-click unsubscribes, each message once."""
    asked = {c.message_id: c for c in captures if c.kind == UNSUBSCRIBE}
    types = types_of({capture.mailing_id for capture in asked.values()}) if asked else {}
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
