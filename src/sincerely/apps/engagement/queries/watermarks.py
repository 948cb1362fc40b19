"""How far the readers of events and captures have come, and what waits above the mark."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db import connection, connections

from sincerely.wire.capture import Store, open_store

CAPTURE = "capture"
RETENTION = "signals kept from"  # seconds since 1970
COMPANY = timedelta(days=1)  # more than the minute in which clicks are seen together
POSITION = "SELECT position FROM engagement_watermark WHERE reader = %s"
_here = threading.local()


def position(reader: str) -> int:
    """Return how far a reader has come; 0 before its first step."""
    with connection.cursor() as cursor:  # not the ORM: the sender asks with each commit
        cursor.execute(POSITION, [reader])
        row = cursor.fetchone()
    return int(row[0]) if row else 0


def kept_from() -> datetime:
    """Return the time from which signals stand with all that they were seen with."""
    seconds = position(RETENTION)
    return (
        datetime.fromtimestamp(seconds, UTC) + COMPANY
        if seconds
        else datetime.min.replace(tzinfo=UTC)
    )


def capture_conninfo() -> str:
    """Return the connection string of the capture table, '' where captures are in a file."""
    if connection.vendor != "postgresql":
        return ""
    names = {"dbname", "user", "password", "host", "port", "sslmode"}
    wanted = {k: v for k, v in connection.get_connection_params().items() if k in names}
    from_parts = "".join(f" {k}='{_quoted(v)}'" for k, v in wanted.items() if v not in (None, ""))
    return from_parts.strip()


def _quoted(value: object) -> str:
    return str(value).replace("\\", "\\\\").replace("'", "\\'")


def capture_store() -> Store:
    """Return this thread's capture store, opened at first use."""
    key = (str(settings.CAPTURE_PATH), str(connections["default"].settings_dict["NAME"]))
    known: tuple[tuple[str, str], Store] | None = getattr(_here, "store", None)
    if known is None or known[0] != key:
        if known is not None:
            known[1].close()
        known = _here.store = (key, open_store(settings.CAPTURE_PATH, capture_conninfo()))
    return known[1]


def unfolded_unsubscribes(mark: int | None = None) -> list[int]:
    """Return the message ids of one-click unsubscribes that were answered but not yet folded.

    Call it inside the transaction that reads permissions: the mark it starts from (by default read
    here) is moved in the transaction that writes the withdrawals.
    """
    return capture_store().unfolded_unsubscribes(position(CAPTURE) if mark is None else mark)
