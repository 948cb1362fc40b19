"""The restraint that stands, and what it needs to know of mails that want to go.

Raw statements on the driver's own cursor: the sender asks with every commit. The first costs 5 µs
where nothing is set, and nothing else is asked then. Each reaches its rows by a key: in a session
that goes by keys PostgreSQL takes a scan for so dear that it compiles the plan first (a second).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, time
from functools import lru_cache
from typing import Any, NamedTuple

from sincerely.apps.sending.queries.sql import id_rows, id_values, lock_rows, moment, rows, run
from sincerely.apps.sending.rules.pressure import Limit, Mail, microseconds
from sincerely.apps.sending.rules.quiet import Quiet, zone_named
from sincerely.apps.sending.rules.restraint import Ask, Restraint

STANDING = """
SELECT CAST(r.limits AS text), r.quiet_begins, r.quiet_ends, r.round, r.in_force_at,
  COALESCE((SELECT o.time_zone FROM team_organisation o WHERE o.id = 1), 'UTC')
FROM sending_restraint r WHERE r.id = 1 AND r.is_on"""

ASKS = """
SELECT m.id, m.address_key, COALESCE(d.subscription_type_id, 0), c.time_zone, d.patient_until,
  CASE WHEN EXISTS (SELECT 1 FROM sending_dispatch h
    WHERE h.state = 'open' AND h.priority > d.priority) THEN 1 ELSE 0 END
FROM ({given}) g JOIN sending_message m ON m.id = g.id
JOIN sending_dispatch d ON d.mailing_id = m.mailing_id
JOIN engagement_mailing x ON x.id = m.mailing_id
JOIN contacts_contact c ON c.id = m.contact_id
WHERE x.tag <> 'transactional'"""

NOTED = """
SELECT p.address_key, p.recent, p.round FROM sending_pressure p
WHERE p.address_key IN (SELECT m.address_key FROM ({given}) g JOIN sending_message m ON m.id = g.id)
ORDER BY p.address_key"""

# Mail whose content may have left, and the last one that an import told of. By the contact's index:
# an index on the address would have to be written with every mail, cap or not.
SENT = """
WITH given AS ({given})
SELECT m.address_key, o.id, o.finished_at, COALESCE(x.subscription_type_id, 0)
FROM given g JOIN sending_message m ON m.id = g.id
JOIN contacts_contact c ON c.address_key = m.address_key
JOIN sending_message o ON o.contact_id = c.id AND o.address_key = m.address_key
JOIN engagement_mailing x ON x.id = o.mailing_id AND x.tag <> 'transactional'
WHERE o.state = 'dialling' OR (o.state IN ('accepted', 'unknown') AND o.finished_at > %s)
UNION ALL SELECT m.address_key, 0, e.imported_sent_at, 0
FROM given g JOIN sending_message m ON m.id = g.id
JOIN contacts_contact c ON c.address_key = m.address_key
JOIN engagement_contactengagement e ON e.contact_id = c.id
WHERE e.imported_sent_at > %s"""

HAVE_LEFT = """
SELECT m.id FROM ({given}) g JOIN sending_message m ON m.id = g.id
WHERE m.state IN ('dialling', 'accepted', 'unknown')"""

RIVALS = """
SELECT m.id, o.id, COALESCE(h.subscription_type_id, 0)
FROM ({given}) g JOIN sending_message m ON m.id = g.id
JOIN sending_dispatch d ON d.mailing_id = m.mailing_id
JOIN contacts_contact c ON c.address_key = m.address_key
JOIN sending_message o ON o.contact_id = c.id AND o.address_key = m.address_key
  AND o.state IN ('planned', 'deferred', 'claimed') AND o.due_at <= %s
JOIN sending_dispatch h ON h.mailing_id = o.mailing_id AND h.state = 'open'
  AND h.priority > d.priority
JOIN engagement_mailing x ON x.id = o.mailing_id AND x.tag <> 'transactional'"""


class Asked(NamedTuple):
    """A mail that wants to go, the key of its address, and whether a more important one may."""

    ask: Ask
    address_key: bytes
    has_rivals: bool


def standing() -> Restraint | None:
    """Return the restraint as it stands in this transaction, None where nothing is set."""
    found = run(STANDING)
    return _read(found[0]) if found else None


def stored() -> Restraint | None:
    """Return the same for a page: by Django's cursor, for pages may share pooled sessions."""
    found = rows(STANDING, [])
    return _read(found[0]) if found else None


@lru_cache(maxsize=16)
def _read(row: tuple[Any, ...]) -> Restraint:
    """Read the row; it comes with every commit and changes once in a blue moon."""
    limits, begins, ends, round_, in_force_at, zone = row
    quiet = Quiet(_time(begins), _time(ends)) if begins is not None and ends is not None else None
    return Restraint(
        tuple(Limit(*each) for each in json.loads(limits)), quiet, round_, _at(in_force_at), zone
    )


def asks(message_ids: Iterable[int], *, time_zone: str) -> dict[int, Asked]:
    """Return, for the marketing mails among these, what the rules need to know."""
    return {
        number: Asked(
            Ask(kind, zone_named(zone, otherwise=time_zone), _at(until)), bytes(key), bool(more)
        )
        for number, key, kind, zone, until, more in _run(ASKS, message_ids)
    }


def noted(message_ids: Iterable[int], *, locks: bool) -> dict[bytes, tuple[list[Mail], int]]:
    """Return what is noted for the addresses of these messages, and under which round."""
    sql = NOTED + lock_rows() if locks else NOTED
    return {
        bytes(key): ([Mail(*each) for each in json.loads(recent)], round_)
        for key, recent, round_ in _run(sql, message_ids)
    }


def sent(message_ids: Iterable[int], *, since: datetime, now: datetime) -> dict[bytes, list[Mail]]:
    """Return what went to the addresses of these messages since then, from the messages."""
    found: dict[bytes, dict[int, Mail]] = {}
    for key, number, at, kind in _run(SENT, message_ids, moment(since), moment(since)):
        mail = Mail(number, microseconds(_at(at) or now), kind)
        mine = found.setdefault(bytes(key), {})
        mine[number] = max(mail, mine.get(number, mail), key=lambda each: each.at_us)
    return {key: list(mine.values()) for key, mine in found.items()}


def have_left(message_ids: Iterable[int]) -> set[int]:
    """Return those whose content may have left; others failed, wait or were stopped."""
    return {row[0] for row in _run(HAVE_LEFT, message_ids)}


def rivals(message_ids: Iterable[int], *, now: datetime) -> dict[int, list[Mail]]:
    """Return more important mails that are due to the same addresses, as if they went now."""
    found: dict[int, list[Mail]] = {}
    for number, rival, kind in _run(RIVALS, message_ids, moment(now)):
        found.setdefault(number, []).append(Mail(rival, microseconds(now), kind))
    return found


def _run(sql: str, message_ids: Iterable[int], *parameters: Any) -> Sequence[tuple[Any, ...]]:
    ids = list(message_ids)
    return run(sql.format(given=id_rows()), [id_values(ids), *parameters]) if ids else []


def _time(value: time | str) -> time:
    return time.fromisoformat(value) if isinstance(value, str) else value


def _at(value: datetime | str | None) -> datetime | None:
    """A moment as the driver gives it: SQLite's is in UTC and does not say so."""
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    return value.replace(tzinfo=UTC) if value is not None and value.tzinfo is None else value
