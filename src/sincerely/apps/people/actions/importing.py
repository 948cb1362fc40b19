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
from typing import Any

from django.db import connection, transaction

from sincerely.apps.people.actions.opting_out import opt_out
from sincerely.apps.people.actions.slices import Batch, Taken
from sincerely.apps.people.actions.staging import (
    fetch_flags,
    mark_duplicates,
    share_flags,
    stage_if_missing,
)
from sincerely.apps.people.actions.taking import take
from sincerely.apps.people.actions.trial import Trial
from sincerely.apps.people.models import Import, WorkState
from sincerely.apps.people.queries.files import path_of
from sincerely.apps.people.queries.imports import world
from sincerely.apps.people.queries.staged import Rows, Staged
from sincerely.apps.people.rules.choices import from_json
from sincerely.apps.people.rules.dialect import from_json as dialect_from_json
from sincerely.apps.people.rules.record import Plan, Reject, Table
from sincerely.apps.people.sql.bulk import is_sqlite
from sincerely.wire.cycles import unsearched
from sincerely.wire.sqlite.turnstile import copy_back, somebody_waits

SLICE = 10_000
SMALLEST = 400
TARGET_SECONDS = 0.03  # of CPU at a stretch on SQLite; the house allows 0.05 with the commit
LONGEST_SECONDS = 1.0  # of a transaction that nobody waits for
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


@unsearched
def check_file(work: Import, *, now: datetime, owner: str) -> Iterator[None]:
    """Stage the file, mark duplicates and tell what would change; ends in state checked."""
    fence = claim(work, owner=owner, state=WorkState.CHECKING)
    path = path_of(work.stored_as)
    show = _Show(work, fence)
    for count in stage_if_missing(path, dialect_from_json(work.dialect)):
        show.progress("reading", count)
        yield
    choices = from_json(work.choices)
    plan, staged = Plan(choices, world(now), header=work.header), Staged(path)
    for count in mark_duplicates(path, plan, keep=choices.duplicates):
        show.progress("comparing", count)
        yield
    share_flags(path, now=now)
    trial = Trial(choices, is_opt_out=work.kind == "opt_out", labels=plan.labels)
    for rows in staged.slices(SLICE):
        trial.add(*plan.read(rows.rows, rows.flags), flags=rows.flags)
        show.progress("checking", trial.row_count)
        yield
    preview = {**work.preview, **trial.result(), "options": plan.options()}
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


@unsearched
def take_file(work: Import, *, now: datetime, owner: str) -> Iterator[None]:
    """Take the staged rows from where the last commit left off; ends in state done."""
    fresh = work.state == WorkState.QUEUED
    fence = claim(work, owner=owner, state=WorkState.RUNNING)
    if fresh:
        advance(work, fence, started_at=now)
    fetch_flags(path_of(work.stored_as))
    for _count in stage_if_missing(path_of(work.stored_as), dialect_from_json(work.dialect)):
        yield
    choices = from_json(work.choices)
    batch = Batch(work.pk, choices, work.member_id, work.api_key_id, now)
    plan = Plan(choices, world(now), header=work.header)
    taking = _Taking(work, fence, batch=batch, plan=plan)
    work.refresh_from_db()
    while taking.transaction():
        yield
    with transaction.atomic():
        advance(work, fence, state=WorkState.DONE, finished_at=now)
    yield


class _Taking:
    """Takes slices, many in one transaction as long as nobody waits for the database.

    A large transaction writes each page of the indexes once for many rows. Whoever comes to the
    turnstile waits for the slice at hand (40 ms) and the commit. Foreign keys are looked at slice
    by slice (`taking.take`), not row by row.
    """

    def __init__(self, work: Import, fence: int, *, batch: Batch, plan: Plan) -> None:
        self._work, self._fence, self._batch, self._plan = work, fence, batch, plan
        self._staged = Staged(path_of(work.stored_as))
        self._size = SMALLEST if is_sqlite() else SLICE

    def transaction(self) -> bool:
        """Take and commit what fits; False where all rows are taken."""
        work = self._work
        rows = self._next(work.position, work.done_count)
        read = self._plan.read(rows.rows, rows.flags)
        position, done_count, totals = work.position, work.done_count, work.totals
        is_in_the_way = False
        with connection.constraint_checks_disabled(), transaction.atomic():
            ends_at = time.monotonic() + LONGEST_SECONDS
            while rows.rows:
                totals = _totals(totals, self._take(*read))
                position, done_count = rows.position, done_count + len(rows.rows)
                is_in_the_way = somebody_waits()
                if time.monotonic() > ends_at or not is_sqlite() or is_in_the_way:
                    break
                rows = self._next(position, done_count)
                read = self._plan.read(rows.rows, rows.flags)
            advance(work, self._fence, position=position, done_count=done_count, totals=totals)
        if is_in_the_way:
            copy_back()
        more = done_count > work.done_count
        work.position, work.done_count, work.totals = position, done_count, totals
        return more

    def _next(self, position: int, first: int) -> Rows:
        return self._staged.read(position, first, self._size)

    def _take(self, table: Table, rejects: list[Reject]) -> Taken:
        began = time.thread_time()
        act = opt_out if self._work.kind == "opt_out" else take
        taken = act(self._batch, table, rejects)
        if is_sqlite():
            self._size = _next_size(self._size, time.thread_time() - began)
        return taken


def _totals(old: dict[str, Any], taken: Taken) -> dict[str, Any]:
    left_out = Counter(old.get("left_out", {}))
    left_out.update(reject.reason for reject in taken.rejects)
    notes = Counter(old.get("notes", {}))
    notes.update(reason for _number, reason, _detail in taken.notes)
    counts = Counter(old.get("counts", {}))
    counts.update(taken.counts)
    return {**old, "counts": dict(counts), "left_out": dict(left_out), "notes": dict(notes)}


def _next_size(size: int, seconds: float) -> int:
    """Steer the slices towards the target time, at most doubling or halving."""
    factor = min(max(TARGET_SECONDS / max(seconds, 0.001), 0.5), 2.0)
    return int(min(max(size * factor, SMALLEST), SLICE))
