"""Checks of the promises: what must be true of the data at any moment."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import QuerySet

from sincerely.apps.engagement.queries.watermarks import CAPTURE, capture_store, position
from sincerely.apps.people.queries.exports import with_old_file
from sincerely.apps.people.queries.imports import with_old_files
from sincerely.apps.people.sql.keys import lone
from sincerely.project.doctor import sql
from sincerely.project.doctor.verdicts import Check, Finding
from sincerely.wire import clock

BROKEN = (
    (
        "Every message is in one known state.",
        sql.UNKNOWN_STATE,
        "Messages in a state that does not exist: {ids}.",
    ),
    (
        "Every message that was left out says why.",
        sql.WITHOUT_REASON,
        "Messages left out without a reason: {ids}.",
    ),
    (
        "Nobody was mailed twice by one mailing.",
        sql.MAILED_TWICE,
        "Addresses that got a mailing more than once, by message: {ids}.",
    ),
    (
        "The messages of a mailing add up to its audience.",
        sql.TALLY,
        "Mailings with more messages than people: {ids}.",
    ),
    (
        "No marketing mail was handed over without a permission on record at that time.",
        sql.WITHOUT_PERMISSION,
        "Messages without one: {ids}.",
    ),
    (
        "No mail was handed over to a suppressed address.",
        sql.TO_SUPPRESSED,
        "Messages to suppressed addresses: {ids}.",
    ),
    (
        "Every mail that was accepted is told in its contact's history.",
        sql.ACCEPTED_UNTOLD,
        "Accepted messages without an event: {ids}.",
    ),
)


def invariants() -> list[Check]:
    """Return the checks of the data."""
    checks = [Check(sentence, _Broken(statement, found)) for sentence, statement, found in BROKEN]
    return [
        *checks,
        Check("What a row belongs to exists.", _lone),
        Check("The folder keeps up.", _lag),
        Check("Signals are ours.", _dropped),
        Check(
            "Files of imports are removed in time.",
            _Late("Imports", "KEEP_IMPORT_FILES_DAYS", with_old_files),
        ),
        Check(
            "Files of exports are removed in time.",
            _Late("Exports", "KEEP_EXPORT_FILES_DAYS", with_old_file),
        ),
    ]


class _Broken:
    """Looks for rows that break an invariant."""

    def __init__(self, statement: str, found: str) -> None:
        self._statement = statement
        self._found = found

    def __call__(self) -> list[Finding]:
        """Return one finding with the first rows, or nothing."""
        ids = [str(row[0]) for row in _rows(self._statement)]
        return [Finding(self._found.format(ids=", ".join(ids)))] if ids else []


class _Late:
    """Looks for files that the runner should have removed a day ago."""

    def __init__(
        self, whose: str, setting: str, with_files: Callable[[datetime], QuerySet[Any]]
    ) -> None:
        self._whose = whose
        self._setting = setting
        self._with_files = with_files

    def __call__(self) -> list[Finding]:
        """Return one finding with the first of them, or nothing."""
        days = getattr(settings, self._setting)
        if not days:
            return [Finding("They are kept for ever.", is_note=True)]
        late = self._with_files(clock.now() - timedelta(days=days + 1))
        ids = ", ".join(str(pk) for pk in late.values_list("pk", flat=True)[:20])
        told = f"{self._whose} whose files are still here: {ids}. Does the runner run?"
        return [Finding(told)] if ids else []


def _lone() -> list[Finding]:
    return [
        Finding(f"In {key.table}, {key.column} names {value}, which is not in {key.parent}.")
        for key, value in lone()
    ]


def _lag() -> list[Finding]:
    outcomes = int(str(_rows(sql.UNFOLDED)[0][0]))
    captures = max(0, capture_store().last_id() - position(CAPTURE))
    if outcomes + captures == 0:
        return []
    told = f"{outcomes} outcomes and {captures} signals wait to be folded."
    return [Finding(told, is_note=True)]


def _dropped() -> list[Finding]:
    rows = _rows(sql.DROPPED)
    if not rows:
        return []
    told = f"{rows[0][0]} requests were dropped: forged, flooding, or of a restored database."
    return [Finding(told, is_note=True)]


def _rows(statement: str) -> list[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement.replace("{leaving}", sql.ON_ITS_WAY[connection.vendor]))
        return list(cursor.fetchall())
