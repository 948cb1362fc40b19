"""What the folder reads of messages and attempts, which it follows by their ids."""

from __future__ import annotations

from collections.abc import Collection

from django.db import connection

from sincerely.apps.engagement.rules.facts import MessageFacts, Outcome
from sincerely.apps.engagement.sql import moment_of
from sincerely.apps.sending.models import Message

_ATTEMPTS = """
SELECT a.id, a.message_id, m.contact_id, m.mailing_id, a.at, a.outcome, a.text
FROM sending_attempt a JOIN sending_message m ON m.id = a.message_id
WHERE a.id > %s {below} ORDER BY a.id LIMIT %s
"""
# PostgreSQL: ids commit out of order, so stop below the oldest transaction that still runs (rows
# of the own transaction cannot be overtaken). Row versions carry 32 bits of the transaction's id.
_BELOW_RUNNING = """
AND (age(a.xmin) > age((mod(pg_snapshot_xmin(pg_current_snapshot())::text::numeric, 4294967296)
::text)::xid)
OR a.xmin::text = mod(pg_current_xact_id_if_assigned()::text::numeric, 4294967296)::text)
"""


def messages_of(message_ids: Collection[int]) -> dict[int, MessageFacts]:
    """Return the facts of those messages that exist."""
    rows = Message.objects.filter(pk__in=message_ids).values_list(
        "pk", "contact_id", "mailing_id", "nonce", "contact__tracking_tier"
    )
    return {
        pk: MessageFacts(contact_id, mailing_id, bytes(nonce), tier)
        for pk, contact_id, mailing_id, nonce, tier in rows
    }


def outcomes_after(attempt_id: int, limit: int) -> tuple[list[Outcome], int]:
    """Return the outcomes after an attempt, in order, and the id of the last one read."""
    is_postgres = connection.vendor == "postgresql"
    with connection.cursor() as cursor:
        cursor.execute(
            _ATTEMPTS.format(below=_BELOW_RUNNING if is_postgres else ""), (attempt_id, limit)
        )
        rows = cursor.fetchall()
    outcomes = [
        Outcome(message_id, contact_id, mailing_id, moment_of(at), outcome, text)
        for _id, message_id, contact_id, mailing_id, at, outcome, text in rows
    ]
    return outcomes, rows[-1][0] if rows else attempt_id
