"""A turn of the sender in one statement, where the database can: PostgreSQL.

`settle`, the gate and `dial` are statements of one transaction; with its BEGIN and COMMIT, nine
round trips of a driver that needs 0.1 ms for each. PostgreSQL takes all of it as one statement that
commits by itself: outcomes and attempts, the facts of those who may follow, the mark 'dialling'.
Withdrawals that are not folded stand in the same snapshot: where there are any, it does nothing and
the long way is gone. On SQLite a turn is a few statements (quick_turns.py).

`m.state || ''` keeps PostgreSQL off the index of all claimed rows: it read a thousand of them, and
their dead versions, to find the ten whose keys it was given.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sincerely.apps.engagement.queries import capture_store
from sincerely.apps.sending.actions.outbox import (
    LOST,
    SETTLED,
    Claimed,
    Settlement,
    settled_values,
)
from sincerely.apps.sending.actions.quick_turns import quick_turn
from sincerely.apps.sending.queries.facts import (
    FACTS,
    REASON_MARKETING,
    REASON_TRANSACTIONAL,
    facts_parameters,
)
from sincerely.apps.sending.queries.sql import is_postgresql, run, with_given

FREE = "NOT EXISTS (SELECT 1 FROM sending_restraint r WHERE r.id = 1 AND r.is_on)"
OF_KIND = "p.subscription_type_id = (SELECT subscription_type_id FROM switch)"
FACTS_OF_SWITCH = FACTS.replace("p.subscription_type_id = %s", OF_KIND)
NOBODY_LEFT = """NOT EXISTS (SELECT 1 FROM capture_unsubscribe u WHERE u.id >
  COALESCE((SELECT position FROM engagement_watermark WHERE reader = 'capture'), 0))"""
TURN = f"""
WITH ended AS (SELECT * FROM ({{given}}) x WHERE {FREE} AND {NOBODY_LEFT}),
settled AS (UPDATE sending_message m SET state = e.state, reason = e.reason,
  due_at = COALESCE(e.due_at, m.due_at), finished_at = e.finished_at,
  attempt_count = m.attempt_count + 1, claimed_by = ''
  FROM ended e WHERE m.id = e.id AND m.fence = e.fence AND m.state || '' = 'dialling'
  RETURNING m.id),
recorded AS (INSERT INTO sending_attempt (message_id, at, outcome, code, text)
  SELECT e.id, e.at, e.state, e.code, e.words FROM ended e JOIN settled s ON s.id = e.id),
asked AS (SELECT * FROM unnest(%s::bigint[], %s::integer[], %s::text[], %s::bigint[], %s::bytea[])
  AS u(id, fence, shown, contact_id, planned_key) WHERE {FREE} AND {NOBODY_LEFT}),
switch AS MATERIALIZED (SELECT d.state, d.subscription_type_id, g.tag, EXISTS (
    SELECT 1 FROM sending_hold h WHERE h.lifted_at IS NULL
    AND (h.mailing_id = d.mailing_id OR h.mailing_id IS NULL)) AS is_held
  FROM sending_dispatch d JOIN engagement_mailing g ON g.id = d.mailing_id
  WHERE d.mailing_id = %s),
given AS (SELECT contact_id AS id FROM asked),
facts AS ({FACTS_OF_SWITCH}),
judged AS MATERIALIZED (SELECT a.id, a.fence, a.shown, CASE
    WHEN w.state = 'cancelled' THEN 'cancelled'
    WHEN w.state <> 'open' OR w.is_held THEN 'wait'
    WHEN f.contact_id IS NULL OR f.address_key <> a.planned_key THEN 'address_changed'
    WHEN w.tag = 'transactional' THEN {REASON_TRANSACTIONAL} ELSE {REASON_MARKETING} END AS verdict
  FROM asked a CROSS JOIN switch w LEFT JOIN facts f ON f.contact_id = a.contact_id),
dialled AS (UPDATE sending_message m SET state = 'dialling', shown_blocks = j.shown
  FROM judged j WHERE j.verdict = '' AND m.id = j.id AND m.fence = j.fence
  AND m.state || '' IN ('claimed', 'dialling') RETURNING m.id)
SELECT j.id, CASE WHEN j.verdict = '' AND d.id IS NULL THEN '{LOST}' ELSE j.verdict END
FROM judged j LEFT JOIN dialled d ON d.id = j.id"""  # noqa: S608 -- fixed parts


def turn_over(
    settlements: Sequence[Settlement],
    candidates: Sequence[tuple[Claimed, str]],
    *,
    now: datetime,
) -> dict[int, str] | None:
    """Settle, ask the gate and dial; return the gate's word by message id ('' is dialling now).

    None: nothing was done, for this is no case for the short way (several mailings, an outcome that
    suppresses an address, somebody who has just left, a cap or quiet hours). Those who are refused
    or have to wait are still claimed: the caller writes that down.
    """
    mailings = {message.mailing_id for message, _ in candidates}
    if len(mailings) != 1 or any(s.suppresses for s in settlements):
        return None
    if not is_postgresql():
        return quick_turn(mailings.pop(), settlements, candidates, now=now)
    capture_store()  # its tables are made at first use
    messages = [message for message, _ in candidates]
    parameters = [
        settled_values(settlements, now=now),
        [message.id for message in messages],
        [message.fence for message in messages],
        [shown[:200] for _, shown in candidates],
        [message.contact_id for message in messages],
        [message.address_key for message in messages],
        mailings.pop(),
        *facts_parameters(None, now)[:-1],
    ]
    return dict(run(with_given(TURN, SETTLED), parameters)) or None  # type: ignore[arg-type]
