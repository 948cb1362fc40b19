"""The coarse work of this domain, one short step at a time: imports and exports."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.conf import settings

from sincerely.apps.people.actions.claims import held
from sincerely.apps.people.actions.exporting import write_export
from sincerely.apps.people.actions.failing import fail_export, fail_import
from sincerely.apps.people.actions.forgetting import (
    forget_export,
    forget_here,
    forget_slice,
    sweep_lost_exports,
)
from sincerely.apps.people.actions.importing import LostClaim, check_file, take_file
from sincerely.apps.people.actions.undoing import undo_file
from sincerely.apps.people.models import Export, Import, WorkState
from sincerely.apps.people.queries.exports import exports_at_work
from sincerely.apps.people.queries.imports import at_work, find_import
from sincerely.apps.people.rules.dialect import FileRefused

log = structlog.get_logger("people")
STEP_SECONDS = 0.4


@dataclass
class Live:
    """Work that this process has begun: the generator and the lock that it holds."""

    steps: Iterator[None]
    lock: ExitStack


_live: dict[tuple[str, int], Live] = {}


def import_step(*, now: datetime, owner: str, stop: threading.Event) -> bool:
    """Work on the oldest import that nobody living works on; True while there is more to do."""
    for work in at_work():
        steps = _steps_of_import(work, now=now, owner=owner)
        if _go_on("import", work.pk, steps, stop=stop, now=now):
            return True
    return False


def export_step(*, now: datetime, owner: str, stop: threading.Event) -> bool:
    """Work on the oldest export that nobody living works on; True while there is more to do."""
    for work in exports_at_work():
        steps = write_export(work, now=now, owner=owner)
        if _go_on("export", work.pk, steps, stop=stop, now=now):
            return True
    return False


def forget_old_files(*, now: datetime, owner: str, stop: threading.Event) -> bool:
    """Remove files of imports past their time; True means that there is more to do at once."""
    return _forget_old(settings.KEEP_IMPORT_FILES_DAYS, forget_slice, now=now)


def forget_old_exports(*, now: datetime, owner: str, stop: threading.Event) -> bool:
    """Remove files of exports past their time; True means that there is more to do at once."""
    sweep_lost_exports(now=now)
    return _forget_old(settings.KEEP_EXPORT_FILES_DAYS, forget_export, now=now)


def _forget_old(days: int, step: Callable[..., bool], *, now: datetime) -> bool:
    more = bool(days) and step(now - timedelta(days=days), now=now)
    if not more:
        forget_here()
    return more


def finish(work: Import, *, now: datetime) -> Import:
    """Check, or take, an import to the end without a runner, and return it as it stands."""
    stop = threading.Event()
    while import_step(now=now, owner="here", stop=stop):
        pass
    return find_import(work.pk) or work


def finish_export(work: Export, *, now: datetime) -> Export:
    """Write an export to the end without a runner, and return it as it stands."""
    while export_step(now=now, owner="here", stop=threading.Event()):
        pass
    work.refresh_from_db()
    return work


def _steps_of_import(work: Import, *, now: datetime, owner: str) -> Iterator[None]:
    if work.state == WorkState.CHECKING:
        return check_file(work, now=now, owner=owner)
    if work.state == WorkState.UNDOING:
        return undo_file(work, now=now, owner=owner)
    return take_file(work, now=now, owner=owner)


def _go_on(
    kind: str, work_id: int, steps: Iterator[None], *, stop: threading.Event, now: datetime
) -> bool:
    """Advance the work for a short while; False where somebody else has it."""
    live = _live.get((kind, work_id))
    if live is None:
        lock = ExitStack()
        if not lock.enter_context(held(kind, work_id)):
            lock.close()
            return False
        live = _live[kind, work_id] = Live(steps, lock)
    ended = True
    try:
        ended = _advance(live.steps, stop)
    except LostClaim:
        log.info("work was taken away", kind=kind, id=work_id)
    except FileRefused as problem:
        _fail(kind, work_id, problem.reason, now=now)
    except FileNotFoundError:
        _fail(kind, work_id, "lost", now=now)
    finally:
        if ended:
            _live.pop((kind, work_id)).lock.close()
    return True


def _advance(steps: Iterator[None], stop: threading.Event) -> bool:
    """Take steps until the time is up; return whether the work has come to its end."""
    ends_at = time.monotonic() + STEP_SECONDS
    while not stop.is_set() and time.monotonic() < ends_at:
        try:
            next(steps)
        except StopIteration:
            return True
    return False


def _fail(kind: str, work_id: int, reason: str, *, now: datetime) -> None:
    if kind == "import":
        fail_import(work_id, reason, now=now)
    else:
        fail_export(work_id, reason, now=now)
