"""What the receiving server said becomes events and rollups."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sincerely.apps.engagement import sql
from sincerely.apps.engagement.models import Event, EventKind, Verdict
from sincerely.apps.engagement.rules.facts import Outcome
from sincerely.apps.engagement.sql import sets

KINDS: dict[str, tuple[str, ...]] = {
    "accepted": ("sent", "delivered"),
    "failed": ("sent", "bounced"),
    "unknown": ("sent",),
}


def record_happened() -> None:
    """Make events and rollups of what stands in the scratch table `HAPPENED`; inside the fold.

    What a message has behind it already is left out.
    """
    for statement in sets.ADD_HAPPENED:
        sql.run(statement)


def record_outcomes(outcomes: Sequence[Outcome]) -> None:
    """Add the events of these outcomes, each kind once per message; inside a transaction."""
    rows: dict[tuple[int, str], tuple[Any, ...]] = {}
    for outcome in outcomes:
        for kind in KINDS.get(outcome.outcome, ()):
            detail = outcome.text[:300] if kind == "bounced" else ""
            rows.setdefault(
                (outcome.message_id, kind),
                (outcome.message_id, kind, outcome.contact_id, outcome.mailing_id,
                 sql.at(outcome.at), "unknown" if outcome.outcome == "unknown" else detail),
            )  # fmt: skip
    sets.HAPPENED.fill(rows.values())
    record_happened()


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
