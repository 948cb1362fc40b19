"""Writes an export: a dated snapshot as CSV beside a manifest that tells what it is."""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_noop

from sincerely.apps.operation.actions import keep_file
from sincerely.apps.people.actions.importing import LostClaim
from sincerely.apps.people.models import Export, WorkState
from sincerely.apps.people.queries.exports import (
    Reader,
    audience_of,
    contact_ids,
    default_type_id,
    definition_of,
    field_names,
    subject_name,
)
from sincerely.apps.people.queries.files import path_of
from sincerely.apps.people.queries.proof import evidence_rows
from sincerely.apps.people.rules.columns import (
    DEFAULT,
    EVIDENCE,
    FIELD,
    LABEL_ONLY,
    are_known,
    header_of,
    lines,
)
from sincerely.apps.team.actions import audit
from sincerely.apps.team.rules import Actor

SLICE = 2000
PREFIX = "export-"


class NoSuchExport(ValueError):
    """What was asked for cannot be exported; the argument says why, marked for translation."""


def start_export(
    kind: str,
    subject_id: int | None = None,
    *,
    now: datetime,
    actor: Actor,
    rule: dict[str, Any] | None = None,
    columns: Sequence[str] = (),
) -> Export:
    """Put an export in the queue and return it; raises NoSuchExport.

    `kind` is everyone, list, segment, label (`rule` may hold minimum_clicks), rule, campaign (its
    recipients) or evidence (their permission), the last two by mailing id.
    """
    name = subject_name(kind, subject_id)
    if name is None:
        raise NoSuchExport(gettext_noop("There is nothing of this kind with this id."))
    fields = field_names()
    chosen = list(columns) or default_columns(kind, list(fields))
    if kind == "evidence":
        chosen = list(EVIDENCE)
    elif "address" not in chosen or not are_known(chosen, fields):
        raise NoSuchExport(gettext_noop("The columns must be known ones and hold the address."))
    with transaction.atomic():
        export = Export.objects.create(
            name=name,
            subject_kind=kind,
            subject_id=subject_id,
            rule=rule or {},
            columns=chosen,
            member_id=actor.member_id,
            created_at=now,
        )
        detail = {"kind": kind, "id": subject_id, "rule": rule or {}, "columns": chosen}
        audit(actor, "export asked", now=now, subject=export, detail=detail)
    return export


def default_columns(kind: str, field_keys: Sequence[str]) -> list[str]:
    """Return the columns of an export that nobody chose: all fields, and a label's numbers."""
    extra = LABEL_ONLY if kind == "label" else ()
    return [*DEFAULT, *extra, *(f"{FIELD}{key}" for key in field_keys)]


def write_export(export: Export, *, now: datetime, owner: str) -> Iterator[None]:
    """Write file and manifest; begun again from the start if the process dies. Ends in done."""
    fence = export.fence + 1
    mine = Export.objects.filter(pk=export.pk, fence=export.fence, state=export.state)
    if not mine.update(fence=fence, claimed_by=owner, state=WorkState.RUNNING):
        raise LostClaim
    audience = audience_of(export, now=now)
    ids = contact_ids(audience)
    stored_as = f"{PREFIX}{secrets.token_hex(16)}"
    path = path_of(stored_as)
    Path(settings.UPLOADS).mkdir(parents=True, exist_ok=True, mode=0o700)
    digest, count = hashlib.sha256(), 0
    header = [header_of(column, field_names()) for column in export.columns]
    with path.open("xb") as out:
        for text, rows in _parts(export, ids, header, now=now):
            block = text.encode()
            out.write(block)
            digest.update(block)
            count += rows
            _advance(export, fence, done_count=count)
            yield
        out.flush()
        os.fsync(out.fileno())
    keep_file(stored_as, path, now=now)
    manifest = {
        "definition": definition_of(export),
        "taken_at": now.isoformat(),
        "row_count": count,
        "snapshot_count": len(ids),
        "sha256": digest.hexdigest(),
        "size_bytes": path.stat().st_size,
        "columns": dict(zip(export.columns, header, strict=True)),
        "encoding": "UTF-8",
        "format": "CSV (RFC 4180), formula-safe: cells a spreadsheet could run begin with '",
    }
    _advance(
        export,
        fence,
        state=WorkState.DONE,
        stored_as=stored_as,
        row_count=count,
        file_hash=digest.hexdigest(),
        manifest=manifest,
        finished_at=now,
    )
    yield


def _parts(
    export: Export, ids: list[int], header: list[str], *, now: datetime
) -> Iterator[tuple[str, int]]:
    """Yield the text of the file piece by piece, each with its number of contacts."""
    yield lines([header]), 0
    label_id = export.subject_id if export.subject_kind == "label" else None
    reader = Reader(export.columns, type_id=default_type_id(), label_id=label_id, now=now)
    for start in range(0, len(ids), SLICE):
        part = ids[start : start + SLICE]
        if export.subject_kind == "evidence":
            rows = evidence_rows(export.subject_id or 0, part)
        else:
            rows = reader.rows(part)
        yield lines(rows), len(rows)


def _advance(export: Export, fence: int, **columns: Any) -> None:
    rows = Export.objects.filter(pk=export.pk, fence=fence, state=WorkState.RUNNING)
    if not rows.update(**columns):
        raise LostClaim


def cancel_export(export_id: int, *, now: datetime, actor: Actor) -> Export:
    """Stop an export that is not done yet."""
    with transaction.atomic():
        export = Export.objects.select_for_update().get(pk=export_id)
        if export.state in (WorkState.QUEUED, WorkState.RUNNING):
            export.state = WorkState.CANCELLED
            export.finished_at = now
            export.save(update_fields=["state", "finished_at"])
            audit(actor, "export cancelled", now=now, subject=export)
    return export


def note_download(export: Export, *, now: datetime, actor: Actor) -> None:
    """Write in the audit trail that somebody took the file."""
    audit(actor, "export downloaded", now=now, subject=export, detail={"rows": export.row_count})
