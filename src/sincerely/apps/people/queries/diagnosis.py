"""The diagnosis of all or of one import, by one statement, and the people of a pile."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from sincerely.apps.people.rules.diagnosis import ASLEEP_DAYS, BY_KEY, ENGAGED_DAYS, PILES
from sincerely.apps.people.sql.bulk import moment_of, stored

_FACTS = """
FROM contacts_contact c
LEFT JOIN engagement_contactengagement e ON e.contact_id = c.id
LEFT JOIN consent_optout o ON o.contact_id = c.id
LEFT JOIN (SELECT address_key, min(CASE reason WHEN 'complaint' THEN 'a' WHEN 'opt_out_import'
           THEN 'b' WHEN 'hard_bounce' THEN 'c' WHEN 'invalid' THEN 'c' ELSE 'd' END) AS worst
           FROM consent_suppression WHERE lifted_at IS NULL GROUP BY address_key) s
       ON s.address_key = c.address_key
LEFT JOIN (SELECT contact_id, max(CASE WHEN is_in THEN 1 ELSE 0 END) AS is_in
           FROM consent_permission GROUP BY contact_id) p ON p.contact_id = c.id
"""

_PILE = """
CASE
  WHEN s.worst = 'a' THEN 'complained'
  WHEN s.worst = 'b' OR o.contact_id IS NOT NULL THEN 'opted_out'
  WHEN s.worst = 'c' THEN 'bounced'
  WHEN s.worst = 'd' THEN 'suppressed'
  WHEN p.is_in IS NULL THEN 'not_asked'
  WHEN p.is_in = 0 THEN 'withdrawn'
  WHEN e.last_open_at >= %s OR e.last_click_at >= %s OR e.last_reply_at >= %s THEN 'engaged'
  WHEN e.last_open_at >= %s OR e.last_click_at >= %s OR e.last_reply_at >= %s THEN 'drifting'
  WHEN c.tracking_tier <> 'full' THEN 'hidden'
  WHEN e.last_open_at IS NOT NULL OR e.last_click_at IS NOT NULL OR e.last_reply_at IS NOT NULL
    THEN 'asleep'
  WHEN e.last_sent_at IS NULL THEN 'no_history'
  WHEN e.last_machine_open_at IS NOT NULL THEN 'hidden'
  WHEN coalesce(c.signed_up_at, c.created_at) < %s THEN 'asleep'
  ELSE 'too_new'
END
"""


@dataclass(frozen=True, slots=True)
class Someone:
    """A person of a pile."""

    contact_id: int
    name: str
    address: str
    last_sent_at: datetime | None
    last_open_at: datetime | None
    last_click_at: datetime | None


def _scope(import_id: int | None) -> tuple[str, list[Any]]:
    if import_id is None:
        return "", []
    return "JOIN people_importtouch t ON t.contact_id = c.id AND t.batch_id = %s ", [import_id]


def _limits(now: datetime) -> list[Any]:
    engaged = stored(now - timedelta(days=ENGAGED_DAYS))
    asleep = stored(now - timedelta(days=ASLEEP_DAYS))
    return [engaged] * 3 + [asleep] * 4


def pile_counts(*, now: datetime, import_id: int | None = None) -> dict[str, int]:
    """Return how many people are in each pile, of all or of one import; every pile is named."""
    scope, params = _scope(import_id)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {_PILE} AS pile, count(*) {_FACTS}{scope} GROUP BY 1",
            [*_limits(now), *params],
        )
        found = dict(cursor.fetchall())
    return {pile.key: found.get(pile.key, 0) for pile in PILES}


def pile_ids(key: str, *, now: datetime, import_id: int | None = None) -> list[int]:
    """Return the ids of all people of a pile, in order."""
    scope, params = _scope(import_id)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT id FROM (SELECT c.id, {_PILE} AS pile {_FACTS}{scope}) AS piled "  # noqa: S608
            "WHERE pile = %s ORDER BY id",
            [*_limits(now), *params, BY_KEY[key].key],
        )
        return [row[0] for row in cursor.fetchall()]


def pile_people(
    key: str, *, now: datetime, import_id: int | None = None, after: int = 0, limit: int = 50
) -> list[Someone]:
    """Return people of a pile by id, after an id."""
    scope, params = _scope(import_id)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, first_name, last_name, address, last_sent_at, last_open_at, last_click_at "  # noqa: S608
            "FROM (SELECT c.id, c.first_name, c.last_name, c.address, e.last_sent_at, "
            f"e.last_open_at, e.last_click_at, {_PILE} AS pile {_FACTS}{scope} WHERE c.id > %s) "
            "AS piled WHERE pile = %s ORDER BY id LIMIT %s",
            [*_limits(now), *params, after, BY_KEY[key].key, limit],
        )
        return [
            Someone(
                contact_id=row[0],
                name=f"{row[1]} {row[2]}".strip(),
                address=row[3],
                last_sent_at=moment_of(row[4]),
                last_open_at=moment_of(row[5]),
                last_click_at=moment_of(row[6]),
            )
            for row in cursor.fetchall()
        ]
