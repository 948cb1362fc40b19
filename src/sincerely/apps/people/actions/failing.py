"""Ends coarse work that cannot go on, with the reason."""

from __future__ import annotations

from datetime import datetime

from sincerely.apps.people.models import Export, Import, WorkState


def fail_import(import_id: int, reason: str, *, now: datetime) -> None:
    """Mark an import as failed; what was taken stays and can be undone."""
    Import.objects.filter(pk=import_id).update(
        state=WorkState.FAILED, error=reason, finished_at=now
    )


def fail_export(export_id: int, reason: str, *, now: datetime) -> None:
    """Mark an export as failed."""
    Export.objects.filter(pk=export_id).update(
        state=WorkState.FAILED, error=reason, finished_at=now
    )
