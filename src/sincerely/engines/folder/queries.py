"""What the folder reads of messages and attempts, which it follows by their ids."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from django.db import connection

from sincerely.apps.engagement import sql
from sincerely.apps.engagement.rules.facts import MessageFacts
from sincerely.apps.engagement.sql import sets

ENDLESS = 2**62
ASKED = sql.Scratch("fold_asked", ("message_id bigint",))
_FACTS = """
SELECT m.id, m.contact_id, m.mailing_id, m.nonce, c.tracking_tier,
    (SELECT COUNT(*) FROM engagement_signal s WHERE s.contact_id = m.contact_id
        AND s.message_id = m.id)
FROM fold_asked a JOIN sending_message m ON m.id = a.message_id
JOIN contacts_contact c ON c.id = m.contact_id
"""
_LAST = """
SELECT COUNT(*), MAX(id) FROM (SELECT id FROM sending_attempt WHERE id > %s AND id <= %s
    ORDER BY id LIMIT %s) a
"""
# Of several attempts in a slice the first that says it counts.
_FILL = """
INSERT INTO fold_happened (message_id, kind, contact_id, mailing_id, at, detail)
SELECT a.message_id, k.kind, m.contact_id, m.mailing_id, a.at, CASE WHEN k.kind = 'bounced'
    THEN a.text WHEN a.outcome = 'unknown' THEN 'unknown' ELSE '' END
FROM sending_attempt a
JOIN sending_message m ON m.id = a.message_id
JOIN (SELECT 'accepted' AS outcome, 'sent' AS kind UNION ALL SELECT 'accepted', 'delivered'
    UNION ALL SELECT 'failed', 'sent' UNION ALL SELECT 'failed', 'bounced'
    UNION ALL SELECT 'unknown', 'sent') k ON k.outcome = a.outcome
WHERE a.id > %s AND a.id <= %s ORDER BY a.id
ON CONFLICT (message_id, kind) DO NOTHING
"""


def messages_of(message_ids: Collection[int]) -> dict[int, MessageFacts]:
    """Return the facts of those messages that exist."""
    ASKED.fill((message_id,) for message_id in message_ids)
    return {
        row[0]: MessageFacts(row[1], row[2], bytes(row[3]), row[4], row[5])
        for row in sql.fetch(_FACTS)
    }


def gather_outcomes(after_id: int, limit: int, *, through_id: int) -> tuple[int, int]:
    """Fill the scratch table with what the next attempts say; return how many, and the last id."""
    (count, last), = sql.fetch(_LAST, (after_id, through_id, limit))  # fmt: skip
    if not count:
        return 0, after_id
    sets.HAPPENED.empty()
    sql.run(_FILL, (after_id, last))
    return int(count), int(last)


@dataclass(slots=True)
class Horizon:
    """How far attempts may be read: up to there none can appear any more.

    On PostgreSQL ids are committed out of order. So the highest id given so far is noted, then the
    newest transaction; when none up to that one runs any more, all rows up to the id are there. (A
    transaction that writes attempts changes their messages before it draws the ids.) Each session
    looks for itself: a database that crashed may give ids again that it had given to nobody.
    """

    settled_id: int = 0
    noted_id: int = 0
    newest: str = ""
    session: object = None

    def look(self) -> int:
        """Return the id up to which everything is there."""
        if connection.vendor != "postgresql":
            return ENDLESS
        connection.ensure_connection()
        if self.session is not connection.connection:
            self.settled_id, self.newest, self.session = 0, "", connection.connection
        if not self.newest:
            ((self.noted_id,),) = sql.fetch("SELECT last_value FROM sending_attempt_id_seq")
            ((self.newest,),) = sql.fetch("SELECT pg_snapshot_xmax(pg_current_snapshot())::text")
        if self._is_over():
            self.settled_id, self.newest = self.noted_id, ""
        return self.settled_id

    def _is_over(self) -> bool:
        running = "SELECT 1 FROM pg_snapshot_xip(pg_current_snapshot()) x WHERE x < %s::xid8"
        ((is_over,),) = sql.fetch(f"SELECT NOT EXISTS ({running})", (self.newest,))
        return bool(is_over)
