"""How it runs: the processes, what waits and how old it is, what holds mailings back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import connection

from sincerely.apps.engagement.queries.watermarks import CAPTURE, capture_store, position
from sincerely.apps.operation.models import Heartbeat
from sincerely.apps.operation.queries import heartbeats, state_of
from sincerely.apps.people.models import Export, Import, WorkState
from sincerely.apps.sending.models import Hold, Transport
from sincerely.apps.sending.queries.sql import moment, read_moment

RECENT_MAILINGS = 100
WAITING = "SELECT COUNT(*) FROM sending_message WHERE state IN ('planned', 'deferred')"
UNDERWAY = "SELECT COUNT(*) FROM sending_message WHERE state IN ('claimed', 'dialling')"
UNKNOWN = """
SELECT SUM((SELECT COUNT(*) FROM sending_message m WHERE m.mailing_id = d.mailing_id
  AND m.state = 'unknown' AND (d.unknown_left_at IS NULL OR m.finished_at > d.unknown_left_at)))
FROM (SELECT mailing_id, unknown_left_at FROM sending_dispatch
  ORDER BY mailing_id DESC LIMIT %s) d"""
# One look into the index per mailing that may leave now.
OLDEST_DUE = """
SELECT MIN((SELECT MIN(m.due_at) FROM sending_message m WHERE m.mailing_id = d.mailing_id
  AND m.state IN ('planned', 'deferred') AND m.due_at <= %s))
FROM sending_dispatch d WHERE d.state = 'open' AND NOT EXISTS (SELECT 1 FROM sending_hold h
  WHERE h.lifted_at IS NULL AND (h.mailing_id = d.mailing_id OR h.mailing_id IS NULL))"""
UNFOLDED = """
SELECT COUNT(*) FROM sending_attempt
WHERE id > (SELECT COALESCE(MAX(position), 0) FROM engagement_watermark WHERE reader = 'attempts')
"""
AT_WORK = (WorkState.CHECKING, WorkState.QUEUED, WorkState.RUNNING, WorkState.UNDOING)


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits, and since when the oldest of it has (business time)."""

    waiting_count: int
    underway_count: int
    unknown_count: int
    oldest_due_at: datetime | None
    unfolded_outcomes: int
    unfolded_captures: int
    oldest_capture_at: datetime | None
    held_count: int
    work_count: int
    work_rows_done: int
    work_rows_known: int


@dataclass(frozen=True, slots=True)
class Sign:
    """One process as it last showed itself."""

    beat: Heartbeat
    state: str

    @property
    def megabytes(self) -> int:
        """Resident memory."""
        return round(self.beat.memory_bytes / 1e6)


def backlog(*, now: datetime) -> Backlog:
    """Return what waits at this moment, by business time."""
    store, mark = capture_store(), position(CAPTURE)
    first = store.read(mark, 1)
    work = list(Import.objects.filter(state__in=AT_WORK).values_list("done_count", "row_count"))
    return Backlog(
        waiting_count=_number(WAITING),
        underway_count=_number(UNDERWAY),
        unknown_count=_number(UNKNOWN, [RECENT_MAILINGS]),
        oldest_due_at=_oldest_due(now),
        unfolded_outcomes=_number(UNFOLDED),
        unfolded_captures=max(0, store.last_id() - mark),
        oldest_capture_at=(
            datetime.fromtimestamp(first[0].capture.at_us / 1e6, UTC) if first else None
        ),
        held_count=Hold.objects.filter(lifted_at=None).count(),
        work_count=len(work) + Export.objects.filter(state__in=AT_WORK).count(),
        work_rows_done=sum(done for done, _known in work),
        work_rows_known=sum(known or 0 for _done, known in work),
    )


def signs(*, real_now: datetime) -> list[Sign]:
    """Return every process with how it is."""
    return [Sign(beat, state_of(beat, real_now=real_now)) for beat in heartbeats()]


def troubled_transports() -> list[Transport]:
    """Return the transports that do not work at the moment."""
    return list(Transport.objects.filter(archived_at=None).exclude(trouble="").order_by("name"))


def _oldest_due(now: datetime) -> datetime | None:
    return read_moment(_value(OLDEST_DUE, [moment(now)]))


def _number(sql: str, parameters: Sequence[Any] = ()) -> int:
    return int(_value(sql, parameters) or 0)


def _value(sql: str, parameters: Sequence[Any]) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchone()[0]
