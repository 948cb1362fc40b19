"""Statements for one row: the same text on SQLite and PostgreSQL.

Times are adapted once per row by `at` (SQLite stores text in UTC without an offset, as the ORM
does). Rows are grouped so that an UPSERT never meets the same key twice with conflicting intent.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from django.db import connection

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
CHANGE_EVENTS = """
UPDATE engagement_event SET verdict = %s, machine_probability = %s WHERE signal_id = %s
"""
DELIVERY_DATES = ("sent_at", "delivered_at", "bounced_at", "unsubscribed_at", "complained_at")
DELIVERY_COUNTS = (
    "human_open_count", "undecided_open_count", "machine_open_count",
    "human_click_count", "undecided_click_count", "machine_click_count",
)  # fmt: skip
DELIVERY_FIRSTS = ("first_open_at", "first_click_at")
DELIVERY_COLUMNS = (
    "contact_id", "mailing_id", "message_id", *DELIVERY_DATES, *DELIVERY_COUNTS, *DELIVERY_FIRSTS,
)  # fmt: skip
CONTACT_COUNTS = ("sent_count", "delivered_count", "open_count", "click_count")
CONTACT_LASTS = (
    "last_sent_at", "last_open_at", "last_click_at", "last_reply_at", "last_machine_open_at",
)  # fmt: skip
CONTACT_COLUMNS = ("contact_id", *CONTACT_LASTS, *CONTACT_COUNTS, "sent_since_engaged_count")


def earliest(table: str, name: str) -> str:
    """An upsert's clause: keep the earlier of the stored and the new time."""
    return (
        f"{name} = CASE WHEN {table}.{name} IS NULL OR excluded.{name} < {table}.{name}"
        f" THEN excluded.{name} ELSE {table}.{name} END"
    )


def latest(table: str, name: str) -> str:
    """An upsert's clause: keep the later of the stored and the new time."""
    return (
        f"{name} = CASE WHEN {table}.{name} IS NULL OR excluded.{name} > {table}.{name}"
        f" THEN COALESCE(excluded.{name}, {table}.{name}) ELSE {table}.{name} END"
    )


def capped(table: str, name: str) -> str:
    """An upsert's clause: add up, as far as a small integer goes."""
    return (
        f"{name} = CASE WHEN {table}.{name} + excluded.{name} > 32000 THEN 32000"
        f" ELSE {table}.{name} + excluded.{name} END"
    )


def _upsert(table: str, columns: Sequence[str], *, key: str, sets: Sequence[str]) -> str:
    places = ", ".join(["%s"] * len(columns))
    return (
        f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places})"  # noqa: S608 -- constants
        f" ON CONFLICT ({key}) DO UPDATE SET {', '.join(sets)}"
    )


_D, _C = "engagement_delivery", "engagement_contactengagement"
ADD_TO_DELIVERIES = _upsert(
    _D,
    DELIVERY_COLUMNS,
    key="contact_id, mailing_id, message_id",
    sets=[
        *(earliest(_D, name) for name in (*DELIVERY_DATES, *DELIVERY_FIRSTS)),
        *(capped(_D, name) for name in DELIVERY_COUNTS),
    ],
)
SET_DELIVERIES = _upsert(
    _D,
    DELIVERY_COLUMNS,
    key="contact_id, mailing_id, message_id",
    sets=[f"{name} = excluded.{name}" for name in DELIVERY_COLUMNS[3:]],
)
# A mail counts as 'since engaged' unless an open, click or reply is not older than it.
_NOT_ENGAGED_SINCE = " AND ".join(
    f"({_C}.{name} IS NULL OR {_C}.{name} < excluded.last_sent_at)"
    for name in ("last_open_at", "last_click_at", "last_reply_at")
)
ADD_TO_CONTACTS = _upsert(
    _C,
    CONTACT_COLUMNS,
    key="contact_id",
    sets=[
        *(latest(_C, name) for name in CONTACT_LASTS),
        *(f"{name} = {_C}.{name} + excluded.{name}" for name in CONTACT_COUNTS),
        (
            f"sent_since_engaged_count = {_C}.sent_since_engaged_count + CASE"
            f" WHEN excluded.sent_count > 0 AND {_NOT_ENGAGED_SINCE} THEN excluded.sent_count"
            f" ELSE 0 END"
        ),
    ],
)
SET_CONTACTS = _upsert(
    _C,
    CONTACT_COLUMNS,
    key="contact_id",
    sets=[f"{name} = excluded.{name}" for name in CONTACT_COLUMNS[1:]],
)
COUNT_SENT_SINCE = """
UPDATE engagement_contactengagement SET sent_since_engaged_count = (
    SELECT COUNT(*) FROM engagement_delivery d
    WHERE d.contact_id = engagement_contactengagement.contact_id AND d.sent_at IS NOT NULL
    AND (last_open_at IS NULL OR d.sent_at > last_open_at)
    AND (last_click_at IS NULL OR d.sent_at > last_click_at)
    AND (last_reply_at IS NULL OR d.sent_at > last_reply_at))
WHERE contact_id = %s
"""
SET_OPEN_DAY = _upsert(
    _C,
    CONTACT_COLUMNS,
    key="contact_id",
    sets=[latest(_C, "last_open_at")],
)


def at(moment: datetime | None) -> Any:
    """Return a time as this database stores it (the ORM's own way costs ten times as much)."""
    return moment if moment is None else adapter()(moment)


def adapter() -> Callable[[datetime], Any]:
    """Return what makes of a time what this database stores: ask once for many rows."""
    return _as_text if connection.vendor == "sqlite" else _as_it_is


def _as_text(moment: datetime) -> str:
    return str(moment if moment.tzinfo is UTC else moment.astimezone(UTC))[:-6]


def _as_it_is(moment: datetime) -> datetime:
    return moment


def counter() -> Callable[[int], Any]:
    """Return what makes of microseconds since 1970 what this database stores: for many rows."""
    return _text_of if connection.vendor == "sqlite" else _moment_of


def _moment_of(microseconds: int) -> datetime:
    return EPOCH + timedelta(0, 0, microseconds)


def _text_of(microseconds: int) -> str:
    second, rest = divmod(microseconds, 1_000_000)
    return f"{_text_of_second(second)}.{rest:06d}" if rest else _text_of_second(second)


@lru_cache(maxsize=4_096)
def _text_of_second(second: int) -> str:
    return _as_text(EPOCH + timedelta(seconds=second))


def reader() -> Callable[[Any], datetime]:
    """Return what makes an aware time of what a raw cursor gives: ask once for many rows."""
    return _from_text if connection.vendor == "sqlite" else _as_it_is


def _from_text(value: str) -> datetime:
    return datetime.fromisoformat(value + "+00:00")


def delivery_row(key: tuple[int, int, int], values: dict[str, Any]) -> tuple[Any, ...]:
    """Return the parameters of a delivery statement; what is not given is NULL or 0."""
    dates = (at(values.get(name)) for name in DELIVERY_DATES)
    counts = (values.get(name, 0) for name in DELIVERY_COUNTS)
    return (*key, *dates, *counts, *(at(values.get(name)) for name in DELIVERY_FIRSTS))


def contact_row(contact_id: int, values: dict[str, Any]) -> tuple[Any, ...]:
    """Return the parameters of a contact statement; what is not given is NULL or 0."""
    lasts = (at(values.get(name)) for name in CONTACT_LASTS)
    counts = (values.get(name, 0) for name in CONTACT_COUNTS)
    return (contact_id, *lasts, *counts, values.get("sent_since_engaged_count", 0))
