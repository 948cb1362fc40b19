"""How many of an audience will get a mailing, and how many not, by reason."""

from __future__ import annotations

from datetime import datetime

from sincerely.apps.segments.query import ContactQuery
from sincerely.apps.sending.queries.facts import FACTS, facts_parameters, reason_sql
from sincerely.apps.sending.queries.sql import rows


def estimate(
    audience: ContactQuery,
    *,
    subscription_type_id: int | None,
    now: datetime,
    is_marketing: bool = True,
) -> dict[str, int]:
    """Return the count per reason; the key '' counts who will get it. Nothing is written."""
    sql = f"""
WITH given AS (SELECT contact_id AS id FROM ({audience.sql}) audience),
facts AS ({FACTS}),
judged AS (SELECT contact_id, address_key, {reason_sql(is_marketing=is_marketing)} AS reason
  FROM facts),
counted AS (SELECT reason, COUNT(*) AS n,
  COUNT(DISTINCT CASE WHEN reason = '' THEN address_key END) AS addresses
  FROM judged GROUP BY reason)
SELECT reason, n, addresses FROM counted"""  # noqa: S608 -- fixed parts and a compiled rule
    found: dict[str, int] = {}
    parameters = [*audience.params, *facts_parameters(subscription_type_id, now)]
    for reason, n, addresses in rows(sql, parameters):
        if reason:
            found[reason] = n
            continue
        found[""] = addresses
        if n > addresses:
            found["same_address"] = n - addresses
    return found
