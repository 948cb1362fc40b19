"""The statements of the fold: row by row (`rows`) and for a whole batch at once (`sets`).

Every write of the fold passes `run_many`, `run` or `load`, so that a test may end it anywhere.
"""

from __future__ import annotations

from sincerely.apps.engagement.sql.rows import (
    ADD_TO_CONTACTS,
    ADD_TO_DELIVERIES,
    CHANGE_EVENTS,
    COUNT_SENT_SINCE,
    DELIVERY_DATES,
    SET_CONTACTS,
    SET_DELIVERIES,
    SET_OPEN_DAY,
    adapter,
    at,
    contact_row,
    counter,
    delivery_row,
    reader,
)
from sincerely.apps.engagement.sql.running import Scratch, fetch, load, run, run_many

__all__ = [
    "ADD_TO_CONTACTS",
    "ADD_TO_DELIVERIES",
    "CHANGE_EVENTS",
    "COUNT_SENT_SINCE",
    "DELIVERY_DATES",
    "SET_CONTACTS",
    "SET_DELIVERIES",
    "SET_OPEN_DAY",
    "Scratch",
    "adapter",
    "at",
    "contact_row",
    "counter",
    "delivery_row",
    "fetch",
    "load",
    "reader",
    "run",
    "run_many",
]
