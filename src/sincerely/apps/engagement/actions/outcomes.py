"""What the receiving server said becomes events and rollups."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sincerely.apps.engagement import sql
from sincerely.apps.engagement.models import Delivery, Event, EventKind, Verdict
from sincerely.apps.engagement.rules.facts import Outcome

KINDS: dict[str, tuple[str, ...]] = {
    "accepted": ("sent", "delivered"),
    "failed": ("sent", "bounced"),
    "unknown": ("sent",),
}


def record_outcomes(outcomes: Sequence[Outcome]) -> None:
    """Add the events of these outcomes, each kind once per message; call inside the fold."""
    known = _known(outcomes)
    events: list[tuple[Any, ...]] = []
    deliveries: list[tuple[Any, ...]] = []
    contacts: list[tuple[Any, ...]] = []
    for outcome in outcomes:
        had = known.setdefault(outcome.message_id, set())
        new = [kind for kind in KINDS.get(outcome.outcome, ()) if kind not in had]
        if not new:
            continue
        had.update(new)
        events += (_event_row(outcome, kind) for kind in new)
        key = (outcome.contact_id, outcome.mailing_id, outcome.message_id)
        deliveries.append(sql.delivery_row(key, {f"{kind}_at": outcome.at for kind in new}))
        contacts.append(sql.contact_row(outcome.contact_id, _for_contact(outcome, new)))
    sql.run_many(sql.ADD_EVENTS, events)
    sql.run_many(sql.ADD_TO_DELIVERIES, deliveries)
    sql.run_many(sql.ADD_TO_CONTACTS, contacts)


def _known(outcomes: Sequence[Outcome]) -> dict[int, set[str]]:
    """Return what each message has behind it already."""
    rows = Delivery.objects.filter(
        mailing_id__in={outcome.mailing_id for outcome in outcomes},
        contact_id__in={outcome.contact_id for outcome in outcomes},
    ).values_list("message_id", "sent_at", "delivered_at", "bounced_at")
    kinds = ("sent", "delivered", "bounced")
    return {
        message_id: {kind for kind, at in zip(kinds, dates, strict=True) if at}
        for message_id, *dates in rows
    }


def _event_row(outcome: Outcome, kind: str) -> tuple[Any, ...]:
    detail = "unknown" if outcome.outcome == "unknown" else ""
    if kind == "bounced":
        detail = outcome.text[:300]
    return (
        outcome.contact_id, kind, sql.at(outcome.at), outcome.mailing_id, outcome.message_id,
        None, None, "human", 0.0, False, detail,
    )  # fmt: skip


def _for_contact(outcome: Outcome, new: list[str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    if "sent" in new:
        values |= {"last_sent_at": outcome.at, "sent_count": 1, "sent_since_engaged_count": 1}
    if "delivered" in new:
        values["delivered_count"] = 1
    return values


def record(
    kind: EventKind,
    contact_id: int,
    *,
    at: datetime,
    mailing_id: int | None = None,
    message_id: int | None = None,
    detail: str = "",
) -> None:
    """Add one event that is sure by its nature (unsubscribed, complained, replied, forwarded …).

    Call it in the transaction of the act that it tells of.
    """
    Event.objects.create(
        contact_id=contact_id,
        kind=kind,
        at=at,
        mailing_id=mailing_id,
        message_id=message_id,
        verdict=Verdict.HUMAN,
        detail=detail[:300],
    )
    dated = {f"{kind}_at": at} if f"{kind}_at" in sql.DELIVERY_DATES else {}
    if dated and mailing_id is not None and message_id is not None:
        row = sql.delivery_row((contact_id, mailing_id, message_id), dated)
        sql.run_many(sql.ADD_TO_DELIVERIES, [row])
    if kind == EventKind.REPLIED:
        sql.run_many(sql.ADD_TO_CONTACTS, [sql.contact_row(contact_id, {"last_reply_at": at})])
        sql.run_many(sql.COUNT_SENT_SINCE, [(contact_id,)])
