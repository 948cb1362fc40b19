"""What a new or changed verdict does: the event, the rollups, and what labels will learn."""

from __future__ import annotations

from collections.abc import Sequence
from operator import itemgetter
from typing import Any, NamedTuple

from sincerely.apps.engagement import sql
from sincerely.apps.engagement.actions.recount import recount
from sincerely.apps.engagement.queries.facts import SignalFacts
from sincerely.apps.engagement.rules.changes import ClickChange
from sincerely.apps.engagement.rules.counting import CONFIRMING_ROLE, TELLING_ROLES, event_of
from sincerely.apps.engagement.rules.verdict import Judgement
from sincerely.apps.engagement.sql import sets

IN_ORDER = itemgetter(0, 1, 2, 3)  # as `sets.COUNTED` lies


class Change(NamedTuple):
    """A signal whose verdict starts to count, or counts differently; `before` None: a new one."""

    signal: SignalFacts
    before: str | None
    after: Judgement


def act_on(changes: Sequence[Change]) -> list[ClickChange]:
    """Write events and rollups for changed verdicts; return what others have to learn."""
    fresh: list[tuple[Any, ...]] = []
    revised: list[Change] = []
    told: list[Change] = []
    for change in changes:
        kind = _event(change.signal)
        if kind is None:
            continue
        if change.before is None:
            fresh.append(_counted_row(change, kind))
            told.append(change)
        else:
            revised.append(change)
    _count(fresh)
    turned = [change for change in revised if change.before != change.after.verdict]
    sql.run_many(
        sql.CHANGE_EVENTS,
        ((c.after.verdict, c.after.machine_probability, c.signal.id) for c in revised),
    )
    recount({change.signal.contact_id for change in turned})
    return [change for change in map(_learnt, [*told, *turned]) if change]


def _event(signal: SignalFacts) -> str | None:
    return event_of(signal.hit.kind, signal.link.role if signal.link else None)


def _counted_row(change: Change, kind: str) -> tuple[Any, ...]:
    signal, after = change.signal, change.after
    return (
        signal.contact_id, signal.mailing_id, signal.message_id, signal.id,
        signal.link.id if signal.link else None, kind, signal.at, signal.hit.is_simulated,
        after.verdict, after.machine_probability,
    )  # fmt: skip


def _count(fresh: list[tuple[Any, ...]]) -> None:
    """Make events of these signals and add them to the rollups."""
    if not fresh:
        return
    fresh.sort(key=IN_ORDER)
    sets.COUNTED.fill(fresh)
    for statement in sets.ADD_COUNTED:
        sql.run(statement)


def _learnt(change: Change) -> ClickChange | None:
    signal = change.signal
    if signal.hit.kind != "click" or signal.link is None:
        return None
    label_id = signal.link.label_id if signal.link.role in TELLING_ROLES else None
    is_confirming = signal.link.role == CONFIRMING_ROLE
    if label_id is None and not is_confirming:
        return None
    return ClickChange(
        contact_id=signal.contact_id,
        label_id=label_id,
        mailing_id=signal.mailing_id,
        message_id=signal.message_id,
        at=signal.hit.at,
        before=change.before,
        after=change.after.verdict,
        is_simulated=signal.hit.is_simulated,
        is_confirming=is_confirming,
    )
