"""The columns of an export, and its rows as RFC 4180 text that no spreadsheet will run.

The headers are spellings that the importer knows, so that an export comes back in without loss;
columns that it leaves out on purpose (consent status and such) are named in headers.IGNORED.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from sincerely.apps.people.rules.cells import guard

STANDARD = {
    "address": "E-mail",
    "first_name": "First name",
    "last_name": "Last name",
    "language": "Language",
    "time_zone": "Time zone",
    "labels": "Interest labels",
    "signed_up_at": "Signed up",
    "created_at": "Stored here since",
    "source": "Came by",
    "tracking_tier": "Tracking",
    "consent": "Consent status",
    "consent_since": "Consent status since",
    "consent_evidence": "Consent status evidence",
    "opted_out": "Opted out",
    "suppressed": "Suppressed",
    "last_sent_at": "Last sent",
    "last_open_at": "Last opened",
    "last_click_at": "Last clicked",
    "sent_count": "Mails sent",
    "open_count": "Mails opened",
    "click_count": "Clicks",
    "label_clicks": "Label clicks",
    "label_days": "Label click days",
    "label_mailings": "Label mailings clicked",
    "label_last_click_at": "Label last click",
    "label_strength": "Label strength",
}
LABEL_ONLY = (
    "label_clicks",
    "label_days",
    "label_mailings",
    "label_last_click_at",
    "label_strength",
)
DEFAULT = (
    "address", "first_name", "last_name", "language", "time_zone", "labels", "signed_up_at",
    "consent", "opted_out", "suppressed", "last_sent_at", "last_open_at", "last_click_at",
)  # fmt: skip
EVIDENCE = {
    "contact_id": "Contact",
    "address": "E-mail",
    "message_id": "Message",
    "sent_at": "Sent at",
    "subscription_type": "Subscription type",
    "state": "Permission when sent",
    "evidence": "Evidence",
    "channel": "Channel",
    "at": "Permitted at",
    "recorded_at": "Recorded at",
    "record_id": "Consent record",
    "wording": "Wording shown",
    "wording_hash": "Wording hash",
    "ip": "IP address",
    "user_agent": "User agent",
    "document": "Document",
    "commitment": "Commitment",
    "is_verifiable": "Verifiable",
    "withdrawn_at": "Withdrawn later",
}
FIELD = "field:"


def header_of(column: str, field_names: dict[str, str]) -> str:
    """Return the header of a column; custom fields go by their name."""
    if column.startswith(FIELD):
        key = column.removeprefix(FIELD)
        return field_names.get(key, key)
    return STANDARD.get(column) or EVIDENCE[column]


def are_known(columns: Iterable[str], field_keys: Iterable[str]) -> bool:
    """Say whether every column exists."""
    keys = {f"{FIELD}{key}" for key in field_keys}
    return all(column in STANDARD or column in keys for column in columns)


def cell_of(value: Any) -> str:
    """Return a value as the text of its cell, before guarding."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float):
        return f"{value:.6g}"
    return str(value)


def lines(rows: Iterable[Sequence[Any]]) -> str:
    """Return rows as CSV text: commas, CRLF, quotes where needed, each cell guarded."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows(
        [guard(cell_of(value)) for value in row] for row in rows
    )
    return out.getvalue()
