"""What must be true of a restored database before anything runs on it, as plain statements.

* Every mailing that is not over waits until a member releases it: part of it may have left after
  the backup was taken, and nobody here knows.
* Ids of mailings and messages go on far above the last one, so that no token of a message that was
  made after the backup meets a message of ours. Where one does all the same, its nonce differs.
* Everybody logs in again.
"""

from __future__ import annotations

from datetime import datetime

from sincerely.apps.sending.rules.holds import restored

PLACED_BY = "restore"
OPEN = "('planned', 'claimed', 'dialling', 'deferred')"
HOLDS = """
INSERT INTO sending_hold (mailing_id, reason, placed_by, placed_at)
SELECT m.id, '{reason}', '{placed_by}', '{now}' FROM engagement_mailing m
WHERE EXISTS (SELECT 1 FROM sending_dispatch d WHERE d.mailing_id = m.id
    AND d.state <> 'cancelled' AND (NOT d.is_planned OR EXISTS (SELECT 1 FROM sending_message s
        WHERE s.mailing_id = m.id AND s.state IN {open})))
OR EXISTS (SELECT 1 FROM campaigns_campaign c WHERE c.mailing_id = m.id
    AND c.stage IN ('draft', 'scheduled') AND c.archived_at IS NULL)"""
# Mailings have four bytes in a token, messages six: there is room for a few thousand restores.
LEAPS = {"engagement_mailing": 10_000, "sending_message": 10_000_000}
SQLITE_LEAP = "UPDATE sqlite_sequence SET seq = seq + {leap} WHERE name = '{table}'"
POSTGRES_LEAP = (
    "SELECT setval(pg_get_serial_sequence('{table}', 'id'),"
    " nextval(pg_get_serial_sequence('{table}', 'id')) + {leap})"
)


def statements(*, made_at: datetime, now: datetime, is_postgresql: bool) -> list[str]:
    """Return the statements; they hold no text of anybody's."""
    holds = HOLDS.format(
        reason=restored(made_at),
        placed_by=PLACED_BY,
        now=now.strftime("%Y-%m-%d %H:%M:%S.%f") + ("+00" if is_postgresql else ""),
        open=OPEN,
    )
    leap = POSTGRES_LEAP if is_postgresql else SQLITE_LEAP
    return [
        holds,
        *(leap.format(table=table, leap=number) for table, number in LEAPS.items()),
        "DELETE FROM django_session",
        "DELETE FROM operation_heartbeat",
    ]
