"""What the sender reads: which mailings have mail due, and what a claimed batch needs."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sincerely.apps.sending.models import Dispatch
from sincerely.apps.sending.queries.sql import id_rows, id_values, moment, rows, run

# Finding out is one look into the index `message_due` per open mailing.
CLAIMABLE = """
SELECT d.mailing_id, d.transport_id FROM sending_dispatch d
WHERE d.state = 'open' AND (d.paced_until IS NULL OR d.paced_until <= %s)
AND EXISTS (SELECT 1 FROM sending_message m WHERE m.mailing_id = d.mailing_id
  AND m.state IN ('planned', 'deferred') AND m.due_at <= %s)
AND NOT EXISTS (SELECT 1 FROM sending_hold h
  WHERE h.lifted_at IS NULL AND (h.mailing_id = d.mailing_id OR h.mailing_id IS NULL))
ORDER BY d.mailing_id"""

PACED = """
SELECT d.per_hour, t.per_hour FROM sending_dispatch d
JOIN sending_transport t ON t.id = d.transport_id WHERE d.mailing_id = %s"""

HELD = """
SELECT d.mailing_id, d.state, d.subscription_type_id, g.tag,
  CASE WHEN EXISTS (SELECT 1 FROM sending_hold h WHERE h.lifted_at IS NULL
    AND (h.mailing_id = d.mailing_id OR h.mailing_id IS NULL)) THEN 1 ELSE 0 END
FROM sending_dispatch d JOIN engagement_mailing g ON g.id = d.mailing_id
WHERE d.mailing_id = %s"""


DIALLING = """
SELECT m.id, m.mailing_id, m.contact_id, m.nonce, m.address_key, m.version_id, m.fence,
  m.attempt_count, x.tag
FROM ({given}) g JOIN sending_message m ON m.id = g.id
JOIN engagement_mailing x ON x.id = m.mailing_id
WHERE m.claimed_by = %s AND m.state = 'dialling'"""


@dataclass(frozen=True, slots=True)
class Switch:
    """Whether a mailing may leave at this moment, and what the gate needs to know of it."""

    mailing_id: int
    state: str
    subscription_type_id: int | None
    tag: str
    is_held: bool

    @property
    def is_open(self) -> bool:
        """Nothing holds the mailing back."""
        return self.state == "open" and not self.is_held


def claimable(now: datetime) -> list[tuple[int, int]]:
    """Return (mailing, transport) of the open, unheld mailings that have mail due."""
    return [(row[0], row[1]) for row in run(CLAIMABLE, [moment(now), moment(now)])]


def is_paced(mailing_id: int) -> bool:
    """Say whether the mailing or its transport has a rate per hour."""
    return any(any(row) for row in run(PACED, [mailing_id]))


def switch_of(mailing_id: int) -> Switch:
    """Return the switch of a mailing as it stands in this transaction."""
    ((number, state, kind, tag, held),) = run(HELD, [mailing_id])
    return Switch(number, state, kind, tag, bool(held))


def owners_at_work() -> list[str]:
    """Return the owners of claimed or dialling rows (a walk along a small partial index)."""
    sql = "SELECT DISTINCT claimed_by FROM sending_message WHERE state IN ('claimed', 'dialling')"
    return [row[0] for row in rows(sql, [])]


def dialling(owner: str, ids: Collection[int]) -> list[tuple[Any, ...]]:
    """Return those of an owner's messages that are dialling, as they were claimed, with the tag."""
    return run(DIALLING.format(given=id_rows()), [id_values(ids), owner]) if ids else []


def dispatches(mailing_ids: Collection[int]) -> dict[int, Dispatch]:
    """Return dispatches with sender, brand, transport and mailing."""
    found = Dispatch.objects.select_related("sender__brand", "transport", "mailing")
    return {dispatch.pk: dispatch for dispatch in found.filter(pk__in=list(mailing_ids))}
