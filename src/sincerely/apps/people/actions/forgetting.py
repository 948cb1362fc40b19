"""Removes the files of imports and exports of long ago; people, numbers and the undo stay.

What goes of an import: the upload, the rows that were left out (they quote it), the sample that was
shown.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import transaction

from sincerely.apps.operation.actions import forget
from sincerely.apps.operation.queries import names_before
from sincerely.apps.people.actions.exporting import PREFIX
from sincerely.apps.people.models import Export, Import, ImportReject, WorkState
from sincerely.apps.people.queries.exports import with_old_file
from sincerely.apps.people.queries.imports import NEVER_TAKEN, with_old_files
from sincerely.apps.people.queries.staged import flags_path
from sincerely.apps.team.actions import audit
from sincerely.apps.team.rules import PROGRAM

SLICE = 1_000
OF_EXPORT = re.compile(rf"{PREFIX}[0-9a-f]{{32}}")
LOST_AFTER = timedelta(days=1)
QUOTED = ("rows", "sample", "rejected")  # what a preview quotes from the file


def forget_slice(before: datetime, *, now: datetime, limit: int = SLICE) -> bool:
    """Remove what is left of one import that ended before; True where there may be more to do.

    An import is marked only when nothing is left, so a crash between loses nothing.
    """
    work = with_old_files(before).first()
    if work is None or not _ended(work, now=now):
        return work is not None
    rejects = ImportReject.objects.filter(batch=work).order_by("row_number")
    if ids := list(rejects.values_list("pk", flat=True)[:limit]):
        ImportReject.objects.filter(pk__in=ids).delete()
        return True
    forget(work.stored_as)
    forget(flags_path(Path(work.stored_as)).name)
    preview = {name: value for name, value in work.preview.items() if name not in QUOTED}
    with transaction.atomic():
        Import.objects.filter(pk=work.pk).update(forgotten_at=now, preview=preview)
        audit(PROGRAM, "import files removed", now=now, subject=work)
    return True


def _ended(work: Import, *, now: datetime) -> bool:
    """End an import that was never taken; False where somebody goes on with it just now."""
    if work.state not in NEVER_TAKEN:
        return True
    with transaction.atomic():
        row = Import.objects.select_for_update().get(pk=work.pk)
        if row.state not in NEVER_TAKEN:
            return False
        row.state, row.fence, row.finished_at = WorkState.CANCELLED, row.fence + 1, now
        row.save(update_fields=["state", "fence", "finished_at"])
    return True


def forget_export(before: datetime, *, now: datetime) -> bool:
    """Remove the file of one export that was written before; True where there may be more."""
    work = with_old_file(before).first()
    if work is None:
        return False
    forget(work.stored_as)
    with transaction.atomic():
        Export.objects.filter(pk=work.pk).update(forgotten_at=now)
        audit(PROGRAM, "export file removed", now=now, subject=work)
    return True


def forget_here() -> None:
    """Remove what this machine still holds of what is forgotten: each has its own copies."""
    folder = Path(settings.UPLOADS)
    paths = [path for path in folder.iterdir() if path.is_file()] if folder.is_dir() else []
    forgotten = {
        name
        for model in (Import, Export)
        for name in model.objects.exclude(forgotten_at=None).values_list("stored_as", flat=True)
    }
    for path in paths:
        if path.name.partition(".")[0] in forgotten:
            path.unlink(missing_ok=True)


def sweep_lost_exports(*, now: datetime) -> None:
    """Remove exports whose runner died after the file and before the row that names it.

    What lies in the folder is looked at first: a file whose export ends after that look is named
    by its row before the rows are read, and while an export is at work nothing is judged.
    """
    folder = Path(settings.UPLOADS)
    paths = list(folder.glob(f"{PREFIX}*")) if folder.is_dir() else []
    stored = names_before(now - LOST_AFTER, prefix=PREFIX)
    if not (paths or stored) or Export.objects.filter(state=WorkState.RUNNING).exists():
        return
    named = set(Export.objects.exclude(stored_as="").values_list("stored_as", flat=True))
    for name in set(stored) - named:
        forget(name)
    for path in paths:
        found = OF_EXPORT.match(path.name)  # a lock is called export-1.lock, and stays
        if found and found[0] not in named:
            path.unlink(missing_ok=True)
