"""Statements for a batch in a scratch table; the same text on both databases.

An upsert names only the columns that the batch really touches: SQLite writes every index anew
whose columns stand in the SET.
"""

from __future__ import annotations

from sincerely.apps.engagement.sql.rows import (
    CONTACT_COUNTS,
    DELIVERY_COUNTS,
    DELIVERY_FIRSTS,
    capped,
    earliest,
    latest,
)
from sincerely.apps.engagement.sql.running import Scratch

_D, _C = "engagement_delivery", "engagement_contactengagement"
_KEY = "contact_id, mailing_id, message_id"
EVENT_COLUMNS = (
    "contact_id, kind, at, mailing_id, message_id, link_id, signal_id, verdict,"
    " machine_probability, is_simulated, detail"
)

# Signals that start to count, with their judgement; those of one contact lie together, as they do
# in the tables that they go into.
COUNTED = Scratch(
    "fold_counted",
    (
        "contact_id bigint", "mailing_id bigint", "message_id bigint", "signal_id bigint",
        "link_id bigint", "kind text", "at timestamptz", "is_simulated boolean", "verdict text",
        "machine_probability double precision",
    ),
    in_order="contact_id, mailing_id, message_id, signal_id",
)  # fmt: skip
# What the wire said: each kind once per message, the first time.
HAPPENED = Scratch(
    "fold_happened",
    (
        "message_id bigint", "kind text", "contact_id bigint", "mailing_id bigint",
        "at timestamptz", "detail text",
    ),
    key="message_id, kind",
)  # fmt: skip
ADD_COUNTED_EVENTS = f"""
INSERT INTO engagement_event ({EVENT_COLUMNS})
SELECT contact_id, kind, at, mailing_id, message_id, link_id, signal_id, verdict,
    machine_probability, is_simulated, '' FROM fold_counted
ORDER BY contact_id, mailing_id, message_id, signal_id
"""  # noqa: S608 -- constants
ADD_HAPPENED_EVENTS = f"""
INSERT INTO engagement_event ({EVENT_COLUMNS})
SELECT contact_id, kind, at, mailing_id, message_id, NULL, NULL, 'human', 0.0, FALSE, detail
FROM fold_happened ORDER BY contact_id
"""  # noqa: S608 -- constants


def _of(noun: str, verdict: str) -> str:
    kind = "opened" if noun == "open" else "clicked"
    return f"kind = '{kind}' AND verdict = '{verdict}'"


def _counts() -> str:
    """The six counts of a delivery, in the order of its columns."""
    parts = (name.removesuffix("_count").split("_") for name in DELIVERY_COUNTS)
    return ", ".join(f"COUNT(*) FILTER (WHERE {_of(noun, verdict)})" for verdict, noun in parts)


def _deliveries(noun: str) -> str:
    """Add opens or clicks to the deliveries, one row per message."""
    kind = "opened" if noun == "open" else "clicked"
    counts = [name for name in DELIVERY_COUNTS if noun in name]
    first = f"first_{noun}_at"
    sets = [capped(_D, name) for name in counts] + [earliest(_D, first)]
    columns = (*DELIVERY_COUNTS, *DELIVERY_FIRSTS)
    firsts = ", ".join(
        f"MIN(CASE WHEN {_of(name, 'human')} THEN at END)" for name in ("open", "click")
    )
    return (
        f"INSERT INTO {_D} ({_KEY}, {', '.join(columns)})"  # noqa: S608 -- constants
        f" SELECT {_KEY}, {_counts()}, {firsts} FROM fold_counted WHERE kind = '{kind}'"
        f" GROUP BY {_KEY} ORDER BY {_KEY}"
        f" ON CONFLICT ({_KEY}) DO UPDATE SET {', '.join(sets)}"
    )


def _contacts(which: str, *, last: str, count: str = "") -> str:
    """Add what fits to the contacts: the last time, and the number."""
    counts = ", ".join("COUNT(*)" if name == count else "0" for name in CONTACT_COUNTS)
    sets = [latest(_C, last), *(_of_a_person(last, count) if count else ())]
    return (
        f"INSERT INTO {_C} (contact_id, {last}, {', '.join(CONTACT_COUNTS)},"  # noqa: S608
        f" sent_since_engaged_count) SELECT contact_id, MAX(at), {counts}, 0 FROM fold_counted"
        f" WHERE {which} GROUP BY contact_id ORDER BY contact_id"
        f" ON CONFLICT (contact_id) DO UPDATE SET {', '.join(sets)}"
    )


def _of_a_person(last: str, count: str) -> tuple[str, str]:
    """What else a person's sign changes: the number, and that all mail so far is behind it."""
    since = (
        f"sent_since_engaged_count = CASE WHEN excluded.{last} >= {_C}.last_sent_at THEN 0"
        f" ELSE {_C}.sent_since_engaged_count END"
    )
    return f"{count} = {_C}.{count} + excluded.{count}", since


# Only where mail went out after the sign is there something to count: after that, no earlier.
_COUNT_AGAIN = f"""
UPDATE {_C} SET sent_since_engaged_count = (
    SELECT COUNT(*) FROM engagement_event e
    WHERE e.contact_id = b.contact_id AND e.at > b.at AND e.kind = 'sent'
    AND ({_C}.last_open_at IS NULL OR e.at > {_C}.last_open_at)
    AND ({_C}.last_click_at IS NULL OR e.at > {_C}.last_click_at)
    AND ({_C}.last_reply_at IS NULL OR e.at > {_C}.last_reply_at))
FROM (SELECT contact_id, MAX(at) AS at FROM fold_counted WHERE verdict = 'human'
    GROUP BY contact_id) b
WHERE {_C}.contact_id = b.contact_id AND {_C}.last_sent_at > b.at
"""  # noqa: S608 -- constants
ADD_COUNTED = (
    ADD_COUNTED_EVENTS,
    _deliveries("open"),
    _deliveries("click"),
    _contacts(_of("open", "human"), last="last_open_at", count="open_count"),
    _contacts(_of("click", "human"), last="last_click_at", count="click_count"),
    _contacts(_of("open", "machine"), last="last_machine_open_at"),
    _COUNT_AGAIN,
)

_DATES = ("sent", "delivered", "bounced")
_ADD_DELIVERIES = (
    f"INSERT INTO {_D} ({_KEY}, {', '.join(f'{kind}_at' for kind in _DATES)},"  # noqa: S608
    f" {', '.join(DELIVERY_COUNTS)}) SELECT {_KEY},"
    f" {', '.join(f'''MIN(CASE WHEN kind = '{kind}' THEN at END)''' for kind in _DATES)},"
    f" {', '.join('0' for _ in DELIVERY_COUNTS)} FROM fold_happened WHERE TRUE"
    f" GROUP BY {_KEY} ORDER BY {_KEY} ON CONFLICT ({_KEY}) DO UPDATE SET"
    f" {', '.join(earliest(_D, f'{kind}_at') for kind in _DATES)}"
)
_NEVER_ENGAGED = " AND ".join(
    f"{_C}.{name} IS NULL" for name in ("last_open_at", "last_click_at", "last_reply_at")
)
_ADD_CONTACTS = f"""
INSERT INTO {_C} (contact_id, last_sent_at, sent_count, delivered_count, open_count, click_count,
    sent_since_engaged_count)
SELECT contact_id, MAX(CASE WHEN kind = 'sent' THEN at END),
    COUNT(*) FILTER (WHERE kind = 'sent'), COUNT(*) FILTER (WHERE kind = 'delivered'), 0, 0,
    COUNT(*) FILTER (WHERE kind = 'sent')
FROM fold_happened WHERE TRUE GROUP BY contact_id ORDER BY contact_id
ON CONFLICT (contact_id) DO UPDATE SET {latest(_C, "last_sent_at")},
    sent_count = {_C}.sent_count + excluded.sent_count,
    delivered_count = {_C}.delivered_count + excluded.delivered_count,
    sent_since_engaged_count = {_C}.sent_since_engaged_count
        + CASE WHEN {_NEVER_ENGAGED} THEN excluded.sent_count ELSE 0 END
"""  # noqa: S608 -- constants
_ADD_SINCE = f"""
UPDATE {_C} SET sent_since_engaged_count = {_C}.sent_since_engaged_count + b.new_count
FROM (SELECT h.contact_id, COUNT(*) AS new_count
    FROM fold_happened h JOIN {_C} ON {_C}.contact_id = h.contact_id
    WHERE h.kind = 'sent' AND NOT ({_NEVER_ENGAGED})
    AND ({_C}.last_open_at IS NULL OR h.at > {_C}.last_open_at)
    AND ({_C}.last_click_at IS NULL OR h.at > {_C}.last_click_at)
    AND ({_C}.last_reply_at IS NULL OR h.at > {_C}.last_reply_at) GROUP BY h.contact_id) b
WHERE {_C}.contact_id = b.contact_id
"""  # noqa: S608 -- constants
_LEAVE_OUT_KNOWN = f"""
DELETE FROM fold_happened WHERE EXISTS (SELECT 1 FROM {_D} d
    WHERE d.contact_id = fold_happened.contact_id AND d.mailing_id = fold_happened.mailing_id
    AND d.message_id = fold_happened.message_id AND CASE fold_happened.kind
        WHEN 'sent' THEN d.sent_at WHEN 'delivered' THEN d.delivered_at
        ELSE d.bounced_at END IS NOT NULL)
"""  # noqa: S608 -- constants
ADD_HAPPENED = (_LEAVE_OUT_KNOWN, ADD_HAPPENED_EVENTS, _ADD_DELIVERIES, _ADD_CONTACTS, _ADD_SINCE)
