"""What a new or changed verdict does: the event, the rollups, and what labels will learn."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sincerely.apps.engagement import sql
from sincerely.apps.engagement.actions.recount import recount
from sincerely.apps.engagement.queries.facts import SignalFacts
from sincerely.apps.engagement.rules.changes import ClickChange
from sincerely.apps.engagement.rules.counting import CONFIRMING_ROLE, TELLING_ROLES, event_of
from sincerely.apps.engagement.rules.verdict import Judgement

NOUN = {"open": "open", "click": "click"}


@dataclass(frozen=True, slots=True)
class Change:
    """A signal whose verdict starts to count, or counts differently; `before` None: a new one."""

    signal: SignalFacts
    before: str | None
    after: Judgement


def act_on(changes: Sequence[Change]) -> list[ClickChange]:
    """Write events and rollups for changed verdicts; return what others have to learn."""
    counting = [change for change in changes if _event(change.signal)]
    fresh = [change for change in counting if change.before is None]
    revised = [change for change in counting if change.before is not None]
    sql.run_many(sql.ADD_EVENTS, map(_event_row, fresh))
    sql.run_many(
        sql.CHANGE_EVENTS,
        ((c.after.verdict, c.after.machine_probability, c.signal.id) for c in revised),
    )
    _add(fresh)
    turned = [change for change in revised if change.before != change.after.verdict]
    recount({change.signal.contact_id for change in turned})
    return [change for change in map(_learnt, [*fresh, *turned]) if change]


def _event(signal: SignalFacts) -> str | None:
    return event_of(signal.hit.kind, signal.link.role if signal.link else None)


def _event_row(change: Change) -> tuple[Any, ...]:
    signal = change.signal
    return (
        signal.contact_id, _event(signal), sql.at(signal.hit.at), signal.mailing_id,
        signal.message_id, signal.link.id if signal.link else None, signal.id,
        change.after.verdict, change.after.machine_probability, signal.hit.is_simulated, "",
    )  # fmt: skip


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


def _add(fresh: Iterable[Change]) -> None:
    """Add new signals to the rollups, one row per message and one per contact."""
    deliveries: dict[tuple[int, int, int], dict[str, Any]] = defaultdict(dict)
    contacts: dict[int, dict[str, Any]] = defaultdict(dict)
    for change in fresh:
        signal, verdict = change.signal, change.after.verdict
        noun, at = NOUN[signal.hit.kind], signal.hit.at
        delivery = deliveries[signal.contact_id, signal.mailing_id, signal.message_id]
        _more(delivery, f"{verdict}_{noun}_count")
        contact = contacts[signal.contact_id]
        if verdict == "human":
            _first(delivery, f"first_{noun}_at", at)
            _more(contact, f"{noun}_count")
            _last(contact, f"last_{noun}_at", at)
        elif verdict == "machine" and noun == "open":
            _last(contact, "last_machine_open_at", at)
    sql.run_many(
        sql.ADD_TO_DELIVERIES,
        (sql.delivery_row(key, found) for key, found in sorted(deliveries.items())),
    )
    told = {contact_id: found for contact_id, found in sorted(contacts.items()) if found}
    sql.run_many(sql.ADD_TO_CONTACTS, (sql.contact_row(key, found) for key, found in told.items()))
    engaged = [
        key for key, found in told.items() if "last_open_at" in found or "last_click_at" in found
    ]
    sql.run_many(sql.COUNT_SENT_SINCE, ((contact_id,) for contact_id in engaged))


def _more(values: dict[str, Any], name: str) -> None:
    values[name] = values.get(name, 0) + 1


def _first(values: dict[str, Any], name: str, at: datetime) -> None:
    values[name] = min(at, values.get(name, at))


def _last(values: dict[str, Any], name: str, at: datetime) -> None:
    values[name] = max(at, values.get(name, at))
