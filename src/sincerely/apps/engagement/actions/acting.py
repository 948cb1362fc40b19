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


class Effects(NamedTuple):
    """What changed verdicts lead to: rows to count, events to change, and what others learn."""

    fresh: list[tuple[Any, ...]]
    revised: list[Change]
    clicks: list[ClickChange]


def effects_of(changes: Sequence[Change]) -> Effects:
    """Return what these verdicts lead to; nothing is read or written."""
    effects = Effects([], [], [])
    for change in changes:
        signal, before, after = change
        link = signal.link
        kind = event_of(signal.hit.kind, link.role if link else None)
        if kind is None:
            continue
        if before is None:
            effects.fresh.append(_counted_row(signal, after, kind))
        else:
            effects.revised.append(change)
        if link and before != after.verdict and (told := _learnt(change)):
            effects.clicks.append(told)
    effects.fresh.sort(key=IN_ORDER)
    return effects


def bring_about(effects: Effects) -> None:
    """Write events and rollups; call inside the fold's transaction."""
    _count(effects.fresh)
    revised = effects.revised
    sql.run_many(
        sql.CHANGE_EVENTS,
        ((c.after.verdict, c.after.machine_probability, c.signal.id) for c in revised),
    )
    recount({c.signal.contact_id for c in revised if c.before != c.after.verdict})


def _counted_row(signal: SignalFacts, after: Judgement, kind: str) -> tuple[Any, ...]:
    id_, contact_id, mailing_id, message_id, link, at, hit = signal  # names would cost as much
    verdict, probability, _reasons = after
    return (
        contact_id, mailing_id, message_id, id_, link.id if link else None, kind, at,
        hit.is_simulated, verdict, probability,
    )  # fmt: skip


def _count(fresh: list[tuple[Any, ...]]) -> None:
    """Make events of these signals and add them to the rollups."""
    if not fresh:
        return
    sets.COUNTED.fill(fresh)
    for statement in sets.ADD_COUNTED:
        sql.run(statement)


def _learnt(change: Change) -> ClickChange | None:
    (_id, contact_id, mailing_id, message_id, link, _at, hit), before, after = change
    if hit.kind != "click" or link is None:
        return None
    label_id = link.label_id if link.role in TELLING_ROLES else None
    is_confirming = link.role == CONFIRMING_ROLE
    if label_id is None and not is_confirming:
        return None
    return ClickChange(
        contact_id, label_id, mailing_id, message_id, hit.at,
        before, after.verdict, hit.is_simulated, is_confirming,
    )  # fmt: skip
