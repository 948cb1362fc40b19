"""The second and third look at a signal: after 90 seconds and after 24 hours.

A look works through a run of signals and moves its mark. Its position is what says that a signal
has been looked at; a row is written only where the verdict is new or differs.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

from sincerely.apps.engagement import sql
from sincerely.apps.engagement.actions.acting import Change, Effects, bring_about, effects_of
from sincerely.apps.engagement.actions.watermarks import move
from sincerely.apps.engagement.models import Signal
from sincerely.apps.engagement.queries.facts import (
    Run,
    SignalFacts,
    current_verdicts,
    due,
    judged,
)
from sincerely.apps.engagement.queries.watermarks import position
from sincerely.apps.engagement.rules.changes import ClickChange
from sincerely.apps.engagement.rules.verdict import WINDOWS, Judgement

AUTOMATION, FINAL = 2, 3
ENDLESS = 2**62
VERDICT_COLUMNS = ("signal_id", "round", "verdict", "machine_probability", "reasons", "at")


class Findings(NamedTuple):
    """What judging again has found: rows of verdicts that are new or differ, and their effects."""

    verdicts: list[tuple[Any, ...]]
    effects: Effects


@dataclass(frozen=True, slots=True)
class Look:
    """A look at a run of signals, read and judged but not written yet; more may be due."""

    number: int
    run: Run
    count: int
    is_more: bool
    findings: Findings


@dataclass(frozen=True, slots=True)
class Settled:
    """What a slice of signals judged again led to; `is_more`: the next slice is due as well."""

    clicks: list[ClickChange]
    count: int
    is_more: bool


def looks(*, now: datetime, taken_until: datetime, first: int, limit: int) -> Iterator[list[Look]]:
    """Yield slice by slice what the rounds find that is due, in the order the signals came.

    Each round takes at most `first` signals into the first slice, then at most `limit`. Up to
    `taken_until` all captures are signals: whoever has not been seen with all its company waits.

    Nothing is written, and nothing that follows from a look matters to the next: so one may be
    read while another is written, as long as nobody else writes meanwhile. The final round never
    overtakes the automation round, in which a signal starts to count.
    """
    counting = position(f"round {AUTOMATION}")
    left = {
        AUTOMATION: Run(counting, ENDLESS),
        FINAL: Run(position(f"round {FINAL}"), counting),
    }
    size = first
    while left:
        found = [
            _look(number, run, now=now, taken_until=taken_until, limit=size)
            for number, run in left.items()
        ]
        size = limit
        left = {x.number: Run(x.run.through_id, left[x.number][1]) for x in found if x.is_more}
        yield [each for each in found if each.count]


def _look(number: int, between: Run, *, now: datetime, taken_until: datetime, limit: int) -> Look:
    run, count = due(between, until=taken_until - WINDOWS[number], limit=limit)
    if not count:
        return Look(number, run, 0, is_more=False, findings=Findings([], effects_of([])))
    found, before = judged(run, number=number), current_verdicts(run)
    findings = _differing(found, before, number=number, now=now, starts=number == AUTOMATION)
    return Look(number, run, count, count == limit, findings)


def settle(look: Look, *, now: datetime) -> list[ClickChange]:
    """Write what a look has found, and act on it; return what others have to learn.

    Call inside the fold's transaction; the mark of the round moves with it.
    """
    clicks = _store(look.findings)
    move(f"round {look.number}", look.run.through_id, now=now)
    return clicks


def _store(findings: Findings) -> list[ClickChange]:
    sql.load("engagement_signalverdict", VERDICT_COLUMNS, findings.verdicts)
    bring_about(findings.effects)
    return findings.effects.clicks


def _differing(
    found: list[tuple[SignalFacts, Judgement]],
    before: dict[int, tuple[int, str, float]],
    *,
    number: int,
    now: datetime,
    starts: bool,
) -> Findings:
    """Return as new rows what differs from the last verdicts, and what that leads to.

    Where the round `starts` the counting, each signal begins to count that did not at once.
    """
    verdicts: list[tuple[Any, ...]] = []
    changes: list[Change] = []
    moment, unknown = sql.at(now), (0, "", -1.0)
    for signal, judgement in found:
        last_round, verdict, probability = before.get(signal.id, unknown)
        differs = probability != judgement.machine_probability or verdict != judgement.verdict
        if differs:
            place = max(number, last_round + 1)
            verdicts.append(verdict_row(signal.id, place, judgement, moment=moment))
        is_first = starts and not signal.hit.is_simulated
        if is_first or differs:
            changes.append(Change(signal, None if is_first else verdict, judgement))
    return Findings(verdicts, effects_of(changes))


def verdict_row(
    signal_id: int, number: int, judgement: Judgement, *, moment: object
) -> tuple[Any, ...]:
    """Return the row of one judgement; `moment` is adapted to the database."""
    verdict, probability, reasons = judgement
    return signal_id, number, verdict, probability, _as_json(reasons), moment


@lru_cache(maxsize=4_096)
def _as_json(reasons: tuple[str, ...]) -> str:
    """Return the reasons as they are stored; remembered, since few combinations occur."""
    return json.dumps(reasons)


def rejudge(after_id: int, *, now: datetime, limit: int) -> tuple[Settled, int]:
    """Run the present model over signals that count already; return the last id looked at.

    For a new model or new lists: what differs becomes a new row and moves the rollups. Each signal
    is seen through the widest window that has closed.
    """
    counted = Signal.objects.filter(pk__gt=after_id, pk__lte=position(f"round {AUTOMATION}"))
    ids = list(counted.order_by("pk").values_list("pk", flat=True)[:limit])
    run = Run(after_id, ids[-1] if ids else after_id)
    clicks: list[ClickChange] = []
    for number in (AUTOMATION, FINAL):
        ripe = [
            pair
            for pair in judged(run, number=number)
            if (pair[0].hit.at <= now - WINDOWS[FINAL]) == (number == FINAL)
        ]
        before = current_verdicts(run)
        clicks += _store(_differing(ripe, before, number=number, now=now, starts=False))
    return Settled(clicks, len(ids), is_more=len(ids) == limit), run.through_id
