"""The second and third look at a signal: after 90 seconds and after 24 hours."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sincerely.apps.engagement import sql
from sincerely.apps.engagement.actions.acting import Change, act_on
from sincerely.apps.engagement.actions.watermarks import move
from sincerely.apps.engagement.models import Signal
from sincerely.apps.engagement.queries.facts import SignalFacts, current_verdicts, signals_of
from sincerely.apps.engagement.queries.watermarks import position
from sincerely.apps.engagement.rules.changes import ClickChange
from sincerely.apps.engagement.rules.verdict import WINDOWS, Judgement, judge_hit

AUTOMATION, FINAL = 2, 3


@dataclass(frozen=True, slots=True)
class Settled:
    """What a slice of second looks led to; `is_more`: the next slice is due as well."""

    clicks: list[ClickChange]
    count: int
    is_more: bool


def settle(number: int, *, now: datetime, limit: int) -> Settled:
    """Judge again the signals whose round is due, in the order they came; act on what is new.

    Call inside the fold's transaction; the mark of the round moves with it.
    """
    reader = f"round {number}"
    due = _due(number, position(reader), now=now, limit=limit)
    if not due:
        return Settled([], 0, is_more=False)
    ids = {signal_id for signal_id, _message_id in due}
    judged = judged_again(ids, {message_id for _id, message_id in due}, number=number)
    clicks = write_round(judged, number=number, now=now, starts=number == AUTOMATION)
    move(reader, due[-1][0], now=now)
    return Settled(clicks, len(due), is_more=len(due) == limit)


def _due(number: int, after_id: int, *, now: datetime, limit: int) -> list[tuple[int, int]]:
    """Return (signal, message) up to the first one whose time has not come.

    The final round never overtakes the automation round, in which a signal starts to count.
    """
    due = []
    rows = Signal.objects.filter(pk__gt=after_id).order_by("pk")
    if number == FINAL:
        rows = rows.filter(pk__lte=position(f"round {AUTOMATION}"))
    for signal_id, message_id, at in rows.values_list("pk", "message_id", "at")[:limit]:
        if at > now - WINDOWS[number]:
            break
        due.append((signal_id, message_id))
    return due


def judged_again(
    signal_ids: Collection[int], message_ids: Collection[int], *, number: int
) -> list[tuple[SignalFacts, Judgement]]:
    """Return these signals with the judgement of a round, each among the signals of its message."""
    return [
        (
            signal,
            judge_hit(signal.hit, message.hits, message.circumstances, window=WINDOWS[number]),
        )
        for message in signals_of(message_ids).values()
        for signal in message.signals
        if signal.id in signal_ids
    ]


def write_round(
    judged: list[tuple[SignalFacts, Judgement]], *, number: int, now: datetime, starts: bool
) -> list[ClickChange]:
    """Store what differs from the last verdict as a new row, and act on it.

    Where the round `starts` the counting, each signal begins to count that did not at once.
    """
    before = current_verdicts(signal.id for signal, _found in judged)
    verdicts: list[tuple[Any, ...]] = []
    changes = []
    for signal, found in sorted(judged, key=lambda pair: pair[0].id):
        last_round, verdict, probability = before.get(signal.id, (0, "", -1.0))
        differs = (verdict, probability) != (found.verdict, found.machine_probability)
        if differs:
            verdicts.append(
                (signal.id, max(number, last_round + 1), found.verdict,
                 found.machine_probability, json.dumps(found.reasons), sql.at(now))
            )  # fmt: skip
        is_first = starts and not signal.hit.is_simulated
        if is_first or differs:
            changes.append(Change(signal, None if is_first else verdict, found))
    sql.run_many(sql.ADD_VERDICTS, verdicts)
    return act_on(changes)


def rejudge(after_id: int, *, now: datetime, limit: int) -> tuple[Settled, int]:
    """Run the present model over signals that count already; return the last id looked at.

    For a new model or new lists: what differs becomes a new row and moves the rollups. Each signal
    is seen through the widest window that has closed.
    """
    counted = Signal.objects.filter(pk__gt=after_id, pk__lte=position(f"round {AUTOMATION}"))
    rows = list(counted.order_by("pk").values_list("pk", "message_id", "at")[:limit])
    clicks: list[ClickChange] = []
    for number in (AUTOMATION, FINAL):
        ripe = {r[0]: r[1] for r in rows if (r[2] <= now - WINDOWS[FINAL]) == (number == FINAL)}
        judged = judged_again(ripe.keys(), set(ripe.values()), number=number)
        clicks += write_round(judged, number=number, now=now, starts=False)
    last = rows[-1][0] if rows else after_id
    return Settled(clicks, len(rows), is_more=len(rows) == limit), last
