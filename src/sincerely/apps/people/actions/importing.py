"""The work on an import, as generators that a runner advances a little at a time.

Each `yield` is a moment at which everything so far is committed. A generator that dies with its
process costs nothing: checking starts again, taking goes on at the stored byte position. The
fence makes sure of it: who lost the claim, or was cancelled, cannot commit another slice.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models import F

from sincerely.apps.people.actions.opting_out import opt_out
from sincerely.apps.people.actions.slices import Batch, Taken
from sincerely.apps.people.actions.staging import DUPLICATE, mark_duplicates, stage
from sincerely.apps.people.actions.taking import take
from sincerely.apps.people.actions.trial import Trial
from sincerely.apps.people.models import Import, WorkState
from sincerely.apps.people.queries.files import path_of
from sincerely.apps.people.queries.imports import world
from sincerely.apps.people.queries.staged import Rows, Staged, flags_path, rows_path
from sincerely.apps.people.rules.choices import Choices, from_json
from sincerely.apps.people.rules.dialect import from_json as dialect_from_json
from sincerely.apps.people.rules.record import Plan, Record, Reject, World, merge
from sincerely.apps.people.sql.bulk import is_sqlite

SLICE = 5000
SMALLEST = 400
TARGET_SECONDS = 0.04  # a writing transaction on SQLite; the house allows 0.05
SHOW_SECONDS = 0.5


class LostClaim(Exception):
    """The import was cancelled or somebody else works on it."""


def claim(work: Import, *, owner: str, state: str) -> int:
    """Take the import in this state and return the fence that our commits must carry."""
    with transaction.atomic():
        row = Import.objects.select_for_update().get(pk=work.pk)
        if row.state != work.state:
            raise LostClaim
        row.fence += 1
        row.claimed_by, row.state = owner, state
        row.save(update_fields=["fence", "claimed_by", "state"])
        work.fence, work.state = row.fence, row.state
        return row.fence


def advance(work: Import, fence: int, **columns: Any) -> None:
    """Store progress if the claim still holds; raises LostClaim, which rolls the slice back."""
    rows = Import.objects.filter(pk=work.pk, fence=fence, state=work.state)
    if not rows.update(**columns):
        raise LostClaim


class Reader:
    """Reads stretches of an import's staged rows as records and rejects."""

    def __init__(self, work: Import, choices: Choices, facts: World) -> None:
        self.plan = Plan(choices, facts)
        self.staged = Staged(path_of(work.stored_as))

    def understand(self, rows: Rows) -> tuple[list[Record], list[Reject]]:
        """Return one record per address of the stretch, and the rows that are not taken."""
        records: dict[bytes, Record] = {}
        rejects: list[Reject] = []
        for row, flag in zip(rows.rows, rows.flags, strict=True):
            if not isinstance(row[1], list):
                rejects.append(Reject(row[0], row[1], row[2]))
                continue
            if flag == DUPLICATE:
                rejects.append(Reject(row[0], "duplicate"))
                continue
            record = self.plan.read(row[0], row[1])
            if isinstance(record, Reject):
                rejects.append(record)
            elif record.key in records:
                records[record.key] = merge(records[record.key], record)
            else:
                records[record.key] = record
        return list(records.values()), rejects


def check_file(work: Import, *, now: datetime, owner: str) -> Iterator[None]:
    """Stage the file, mark duplicates and tell what would change; ends in state checked."""
    fence = claim(work, owner=owner, state=WorkState.CHECKING)
    path = path_of(work.stored_as)
    show = _Show(work, fence)
    if not rows_path(path).exists():
        for count in stage(path, dialect_from_json(work.dialect)):
            show.progress("reading", count)
            yield
    choices = from_json(work.choices)
    reader = Reader(work, choices, world(now))
    for count in mark_duplicates(path, reader.plan, keep=choices.duplicates):
        show.progress("comparing", count)
        yield
    trial = Trial(choices, is_opt_out=work.kind == "opt_out")
    for rows in reader.staged.slices(SLICE):
        trial.add(*reader.understand(rows), flags=rows.flags)
        show.progress("checking", trial.row_count)
        yield
    preview = {**work.preview, **trial.result(sorted(reader.plan.labels))}
    with transaction.atomic():
        advance(
            work,
            fence,
            state=WorkState.CHECKED,
            row_count=trial.row_count,
            preview=preview,
            done_count=0,
            totals={},
            position=0,
        )
    yield


class _Show:
    """Stores progress now and then, and notices that the claim was lost."""

    def __init__(self, work: Import, fence: int) -> None:
        self._work, self._fence = work, fence
        self._last = 0.0

    def progress(self, phase: str, count: int) -> None:
        if time.monotonic() - self._last > SHOW_SECONDS:
            self._last = time.monotonic()
            advance(self._work, self._fence, done_count=count, totals={"phase": phase})


def take_file(work: Import, *, now: datetime, owner: str) -> Iterator[None]:
    """Take the staged rows from where the last commit left off; ends in state done."""
    fresh = work.state == WorkState.QUEUED
    fence = claim(work, owner=owner, state=WorkState.RUNNING)
    if fresh:
        advance(work, fence, started_at=now)
    choices = from_json(work.choices)
    reader = Reader(work, choices, world(now))
    batch = Batch(work.pk, choices, work.member_id, work.api_key_id, now)
    work.refresh_from_db()
    size = 500 if is_sqlite() else SLICE
    while True:
        rows = reader.staged.read(work.position, work.done_count, size)
        if not rows.rows:
            break
        seconds = _take_slice(work, rows, fence=fence, batch=batch, reader=reader)
        if is_sqlite():
            size = _next_size(size, seconds)
        yield
    with transaction.atomic():
        advance(work, fence, state=WorkState.DONE, finished_at=now)
    yield


def _take_slice(work: Import, rows: Rows, *, fence: int, batch: Batch, reader: Reader) -> float:
    records, rejects = reader.understand(rows)
    began = time.monotonic()
    with transaction.atomic():
        began = time.monotonic()  # the wait at the turnstile is not ours
        if work.kind == "opt_out":
            taken = opt_out(batch, records, rejects)
        else:
            taken = take(batch, records, rejects)
        totals = _totals(work.totals, taken)
        advance(
            work,
            fence,
            position=rows.position,
            done_count=F("done_count") + len(rows.rows),
            totals=totals,
        )
    work.position, work.totals = rows.position, totals
    work.done_count += len(rows.rows)
    return time.monotonic() - began


def _totals(old: dict[str, Any], taken: Taken) -> dict[str, Any]:
    left_out = Counter(old.get("left_out", {}))
    left_out.update(reject.reason for reject in taken.rejects)
    notes = Counter(old.get("notes", {}))
    notes.update(reason for _number, reason, _detail in taken.notes)
    counts = Counter(old.get("counts", {}))
    counts.update(taken.counts)
    return {"counts": dict(counts), "left_out": dict(left_out), "notes": dict(notes)}


def _next_size(size: int, seconds: float) -> int:
    """Steer the slices towards the target time, at most doubling or halving."""
    factor = min(max(TARGET_SECONDS / max(seconds, 0.001), 0.5), 2.0)
    return int(min(max(size * factor, SMALLEST), SLICE))


def has_files(path: Path) -> bool:
    """Say whether all that the taking needs is on this machine."""
    return rows_path(path).exists() and flags_path(path).exists()
