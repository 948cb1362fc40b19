"""The months of a contact's last open and last click: fields with a set per value.

A span of time is whole months, which are stored, and what is left of a month at either end, which
the index gives. By months and not by days, so that who opens often changes sets once a month.
"""

from __future__ import annotations

from django.db import connection

# The field's name by the column of the rollup.
MONTHS = {"last_open_at": "month.last_open", "last_click_at": "month.last_click"}
COLUMNS = {field: column for column, field in MONTHS.items()}


def is_month(field: str) -> bool:
    """Say whether a field (or one with its value) is the month of a date of the rollup."""
    return field.partition("=")[0] in COLUMNS


def month_of(column: str) -> str:
    """Return the month (UTC, as `2026-06`) of a column as SQL."""
    if connection.vendor == "postgresql":
        return f"to_char({column} AT TIME ZONE 'UTC', 'YYYY-MM')"
    return f"substr({column}, 1, 7)"
