"""A turn of the sender on SQLite, where all goes well: one look and three statements.

Outcomes, attempts and the mark 'dialling' are written by one statement each, and the gate stands
inside the last of them: it marks only those whom the facts let pass. Where some are missing
afterwards, all are asked for their reason, which costs more and is rare. Values are bound, for JSON
costs twice as much, and no statement returns rows: each row read gives Python's lock away, and
another thread may keep it a while.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from sincerely.apps.engagement.queries.watermarks import CAPTURE, unfolded_unsubscribes
from sincerely.apps.sending.actions.outbox import (
    LOST,
    Claimed,
    Settlement,
    dial,
    settled_rows,
)
from sincerely.apps.sending.queries.facts import FACTS, facts_parameters, reason_sql
from sincerely.apps.sending.queries.gate import verdicts
from sincerely.apps.sending.queries.sql import run, run_bound

ENDED = "WITH given(id, fence, state, reason, due_at, finished_at, at, code, words) AS ({given})"
SETTLE = f"""
UPDATE sending_message SET state = g.state, reason = g.reason,
  due_at = COALESCE(g.due_at, sending_message.due_at), finished_at = g.finished_at,
  attempt_count = attempt_count + 1, claimed_by = ''
FROM ({ENDED} SELECT * FROM given) g WHERE sending_message.id = g.id
  AND sending_message.fence = g.fence AND sending_message.state = 'dialling'"""  # noqa: S608
RECORD = f"""
INSERT INTO sending_attempt (message_id, at, outcome, code, text)
{ENDED} SELECT id, at, state, code, words FROM given"""  # noqa: S608 -- fixed parts
LOOK = """
SELECT (SELECT position FROM engagement_watermark WHERE reader = %s),
  d.state, d.subscription_type_id, g.tag, EXISTS (SELECT 1 FROM sending_hold h
    WHERE h.lifted_at IS NULL AND (h.mailing_id = d.mailing_id OR h.mailing_id IS NULL)),
  EXISTS (SELECT 1 FROM sending_restraint r WHERE r.id = 1 AND r.is_on)
FROM sending_dispatch d JOIN engagement_mailing g ON g.id = d.mailing_id
WHERE d.mailing_id = %s"""
# The kind beside each row, not once for all: SQLite would read the whole table of permissions
# into a Bloom filter for five contacts.
FACTS_OF_KIND = FACTS.replace("p.subscription_type_id = %s", "p.subscription_type_id = g.kind")
PASS = f"""
UPDATE sending_message SET state = 'dialling', shown_blocks = p.shown
FROM (WITH given(id, planned_key, kind, message_id, fence, shown) AS ({{{{given}}}}),
  facts AS MATERIALIZED ({FACTS_OF_KIND})
  SELECT g.message_id, g.fence, g.shown
  FROM given g JOIN facts f ON f.contact_id = g.id AND f.address_key = g.planned_key
  WHERE {{reason}} = '') p
WHERE sending_message.id = p.message_id AND sending_message.fence = p.fence
  AND sending_message.state IN ('claimed', 'dialling')"""  # noqa: S608 -- fixed parts
DIAL = {choice: PASS.format(reason=reason_sql(is_marketing=choice)) for choice in (True, False)}


def quick_turn(
    mailing_id: int,
    settlements: Sequence[Settlement],
    candidates: Sequence[tuple[Claimed, str]],
    *,
    now: datetime,
) -> dict[int, str] | None:
    """Settle, ask the gate and dial, as `turns.turn_over` says; None: nothing was done."""
    with transaction.atomic():
        ((position, state, kind, tag, *barred),) = run(LOOK, [CAPTURE, mailing_id])
        if state != "open" or any(barred) or unfolded_unsubscribes(position or 0):
            return None
        if settlements and not _settled(settlements, now=now):
            transaction.set_rollback(True)
            return None
        return _dialled(candidates, kind, is_marketing=tag != "transactional", now=now)


def _settled(settlements: Sequence[Settlement], *, now: datetime) -> bool:
    """Write outcomes and attempts; False where some are another sender's to record."""
    rows = settled_rows(settlements, now=now)
    if run_bound(SETTLE, rows) < len(rows):
        return False
    run_bound(RECORD, rows)
    return True


def _dialled(
    candidates: Sequence[tuple[Claimed, str]],
    kind: int | None,
    *,
    is_marketing: bool,
    now: datetime,
) -> dict[int, str]:
    """Mark those whom the gate lets pass; return its word on each."""
    rows = [(m.contact_id, m.address_key, kind, m.id, m.fence, s[:200]) for m, s in candidates]
    marked = run_bound(DIAL[is_marketing], rows, facts_parameters(None, now)[:-1])
    if marked == len(rows):
        return dict.fromkeys((message.id for message, _ in candidates), "")
    said = verdicts([message for message, _ in candidates], now=now)
    there = dial([each for each in candidates if said[each[0].id] == ""])
    return {n: word if word or n in there else LOST for n, word in said.items()}
