"""How many of an audience will get a mailing, who not and who later, by reason."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sincerely.apps.segments.query import ContactQuery
from sincerely.apps.sending.queries.facts import FACTS, facts_parameters, reason_sql
from sincerely.apps.sending.queries.restraint import stored
from sincerely.apps.sending.queries.sql import moment, rows
from sincerely.apps.sending.rules.pressure import ALL_TYPES, Limit
from sincerely.apps.sending.rules.quiet import zone_named
from sincerely.apps.sending.rules.restraint import CAPPED, QUIET_HOURS, Restraint

NOBODY = "SELECT 0 AS contact_id WHERE 1 = 0"
# A mailing that began so long before a limit's window sends nothing in it any more: by its start we
# reach the few mailings that matter, for messages have no index on their time.
LONGEST_ON_ITS_WAY = timedelta(days=90)


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


def held_back(
    audience: ContactQuery, *, subscription_type_id: int | None, now: datetime
) -> dict[str, int]:
    """Return how many of those who may get it would have to wait if it left now, by reason."""
    restraint = stored()
    if restraint is None:
        return {}
    busy = busy_people(restraint.limits_for(subscription_type_id or ALL_TYPES), now)
    sql = f"""
WITH given AS (SELECT contact_id AS id FROM ({audience.sql}) audience),
facts AS ({FACTS}),
judged AS (SELECT contact_id, time_zone FROM facts WHERE {reason_sql(is_marketing=True)} = ''),
busy AS ({busy.sql})
SELECT j.time_zone, CASE WHEN b.contact_id IS NULL THEN 0 ELSE 1 END AS is_busy, COUNT(*)
FROM judged j LEFT JOIN busy b ON b.contact_id = j.contact_id
GROUP BY j.time_zone, is_busy"""  # noqa: S608 -- fixed parts and a compiled rule
    facts = facts_parameters(subscription_type_id, now)
    counted = rows(sql, [*audience.params, *facts, *busy.params])
    found = {CAPPED: 0, QUIET_HOURS: 0}
    for zone, is_busy, n in counted:
        if is_busy:
            found[CAPPED] += n
        elif is_quiet(restraint, zone, now):
            found[QUIET_HOURS] += n
    return {reason: n for reason, n in found.items() if n}


def is_quiet(restraint: Restraint, zone: str, now: datetime) -> bool:
    """Say whether it is a quiet hour for people of a time zone ('' for unknown)."""
    quiet, otherwise = restraint.quiet, restraint.time_zone
    return quiet is not None and quiet.is_at(now, zone_named(zone, otherwise=otherwise))


def busy_people(limits: tuple[Limit, ...], now: datetime) -> ContactQuery:
    """Return the contacts who have no room under these limits."""
    conditions: list[str] = []
    parameters: list[Any] = []
    for limit in limits:
        kind = limit.subscription_type_id
        mine = "1 = 1" if kind == ALL_TYPES else f"x.subscription_type_id = {int(kind)}"
        if limit.most:
            conditions.append(
                f"SUM(CASE WHEN {mine} AND o.finished_at > %s THEN 1 ELSE 0 END) >= {limit.most}"
            )
            parameters.append(moment(now - timedelta(days=limit.days)))
        if limit.gap_hours:
            conditions.append(f"MAX(CASE WHEN {mine} THEN o.finished_at END) > %s")
            parameters.append(moment(now - timedelta(hours=limit.gap_hours)))
    if not conditions:
        return ContactQuery(NOBODY)
    since = now - timedelta(microseconds=max(limit.reach_us for limit in limits))
    sql = f"""
SELECT o.contact_id FROM sending_dispatch d
JOIN engagement_mailing x ON x.id = d.mailing_id AND x.tag <> 'transactional'
JOIN sending_message o ON o.mailing_id = d.mailing_id
WHERE d.created_at > %s AND o.state IN ('accepted', 'unknown') AND o.finished_at > %s
GROUP BY o.contact_id HAVING {" OR ".join(conditions)}"""  # noqa: S608 -- numbers of our own
    return ContactQuery(sql, (moment(since - LONGEST_ON_ITS_WAY), moment(since), *parameters))
