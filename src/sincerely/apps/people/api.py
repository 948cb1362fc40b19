"""Imports, exports and the diagnosis by API: the same use cases as the pages."""

from __future__ import annotations

from typing import Annotated, Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from ninja import File, Form, Query, Router, Status
from ninja.errors import HttpError
from ninja.files import UploadedFile

from sincerely.apps.people.actions import exporting, imports
from sincerely.apps.people.actions.imports import Refused
from sincerely.apps.people.models import Export, Import
from sincerely.apps.people.queries import diagnosis as diagnoses
from sincerely.apps.people.queries import exports as export_queries
from sincerely.apps.people.queries import imports as import_queries
from sincerely.apps.people.rules.diagnosis import group_counts
from sincerely.apps.people.rules.dialect import FileRefused
from sincerely.apps.people.schemas import (
    ChoicesIn,
    DiagnosisOut,
    ExportIn,
    ExportOut,
    ExportPage,
    ImportOut,
    ImportPage,
    NamesIn,
    RejectPage,
    StartIn,
)
from sincerely.apps.people.views.files import export_answer
from sincerely.apps.people.views.wording import file_problem, problems_in_words
from sincerely.apps.segments.compile import select
from sincerely.apps.segments.rules import WrongRule
from sincerely.apps.team.api_auth import Scope
from sincerely.apps.team.rules import Actor, Capability
from sincerely.wire import clock

router = Router(tags=["people"])
EDIT = Scope(Capability.EDIT_CONTACTS)
EXPORT = Scope(Capability.EXPORT)
VIEW = Scope(Capability.VIEW)
Limit = Annotated[int, Query(ge=1, le=500)]


def _actor(request: HttpRequest) -> Actor:
    actor = request.auth  # type: ignore[attr-defined]
    assert isinstance(actor, Actor)
    return actor


def _import(import_id: int) -> Import:
    work = import_queries.find_import(import_id)
    if work is None:
        raise HttpError(404, "There is no such import.")
    return work


def _page(rows: list[Any], limit: int) -> dict[str, Any]:
    more = len(rows) > limit
    return {"items": rows[:limit], "next": rows[limit - 1].pk if more else None}


@router.get("/imports", response=ImportPage, auth=EDIT)
def list_imports(request: HttpRequest, after: int | None = None, limit: Limit = 50) -> Any:
    """Imports, newest first; `after` is the last id seen."""
    return _page(import_queries.imports(before=after, limit=limit + 1), limit)


@router.post("/imports", response={201: ImportOut}, auth=EDIT)
def bring_file(request: HttpRequest, file: File[UploadedFile], kind: Form[str] = "contacts") -> Any:
    """Upload a file (CSV, TSV or XLSX); the answer holds the header and the guessed targets.

    `kind` is `contacts` or `opt_out`. Nothing is imported before choices were made and started.
    """
    if kind not in ("contacts", "opt_out"):
        raise HttpError(422, "The kind is 'contacts' or 'opt_out'.")
    try:
        work = imports.bring_file(
            file.chunks(),
            file_name=file.name or "file",
            now=clock.now(),
            actor=_actor(request),
            kind=kind,
        )
    except FileRefused as problem:
        raise HttpError(422, str(file_problem(problem.reason))) from problem
    return Status(201, work)


@router.get("/imports/{import_id}", response=ImportOut, auth=EDIT)
def one_import(request: HttpRequest, import_id: int) -> Any:
    """One import with its state and progress."""
    return _import(import_id)


@router.put("/imports/{import_id}/choices", response=ImportOut, auth=EDIT)
def choose(request: HttpRequest, import_id: int, payload: ChoicesIn) -> Any:
    """Choose what the columns are and where permission comes from; the check begins.

    Without a claim the people are stored and may not be mailed.
    """
    _import(import_id)
    note = payload.claim.note if payload.claim else ""
    return _tried(
        imports.choose,
        import_id,
        payload.choices(),
        now=clock.now(),
        actor=_actor(request),
        note=note,
    )


@router.post("/imports/{import_id}/labels", response=ImportOut, auth=EDIT)
def create_labels(request: HttpRequest, import_id: int, payload: NamesIn) -> Any:
    """Create labels that the check did not know; the check begins again."""
    unknown = set(_import(import_id).preview.get("unknown_labels", {}))
    names = [name for name in payload.names if name in unknown]
    _tried(imports.create_labels, import_id, names, now=clock.now(), actor=_actor(request))
    return _import(import_id)


@router.post("/imports/{import_id}/start", response=ImportOut, auth=EDIT)
def start(request: HttpRequest, import_id: int, payload: StartIn) -> Any:
    """Start a checked import; an opt-out list needs its exact `row_count`."""
    _import(import_id)
    return _tried(
        imports.start,
        import_id,
        now=clock.now(),
        actor=_actor(request),
        typed_count=payload.row_count,
    )


@router.post("/imports/{import_id}/cancel", response=ImportOut, auth=EDIT)
def cancel(request: HttpRequest, import_id: int) -> Any:
    """Stop an import where it is."""
    _import(import_id)
    return _tried(imports.cancel, import_id, now=clock.now(), actor=_actor(request))


@router.post("/imports/{import_id}/undo", response=ImportOut, auth=EDIT)
def undo(request: HttpRequest, import_id: int) -> Any:
    """Undo an import of people; an opt-out list cannot be undone."""
    _import(import_id)
    return _tried(imports.undo, import_id, now=clock.now(), actor=_actor(request))


def _tried(act: Any, *args: Any, **named: Any) -> Any:
    try:
        return act(*args, **named)
    except Refused as refusal:
        raise HttpError(422, problems_in_words(refusal.problems)) from refusal


@router.get("/imports/{import_id}/rejects", response=RejectPage, auth=EDIT)
def list_rejects(request: HttpRequest, import_id: int, *, after: int = 0, limit: Limit = 50) -> Any:
    """Rows that were not taken, or not wholly, each with its reason."""
    _import(import_id)
    return _page(import_queries.rejects(import_id, after=after, limit=limit + 1), limit)


@router.get("/exports", response=ExportPage, auth=EXPORT)
def list_exports(request: HttpRequest, after: int | None = None, limit: Limit = 50) -> Any:
    """Exports, newest first; `after` is the last id seen."""
    return _page(export_queries.exports(before=after, limit=limit + 1), limit)


@router.post("/exports", response={202: ExportOut}, auth=EXPORT)
def start_export(request: HttpRequest, payload: ExportIn) -> Any:
    """Ask for a CSV snapshot; it is ready when the state is `done`."""
    now = clock.now()
    try:
        if payload.kind == "rule":
            select(payload.rule or {}, now=now)
        export = exporting.start_export(
            payload.kind,
            payload.id,
            now=now,
            actor=_actor(request),
            rule=payload.rule,
            columns=payload.columns,
        )
    except (exporting.NoSuchExport, WrongRule) as problem:
        raise HttpError(422, str(problem)) from problem
    return Status(202, export)


def _export(export_id: int) -> Export:
    export = export_queries.find_export(export_id)
    if export is None:
        raise HttpError(404, "There is no such export.")
    return export


@router.get("/exports/{export_id}", response=ExportOut, auth=EXPORT)
def one_export(request: HttpRequest, export_id: int) -> Any:
    """One export with its state and, once done, its manifest."""
    return _export(export_id)


@router.get("/exports/{export_id}/file", auth=EXPORT)
def export_file(request: HttpRequest, export_id: int) -> HttpResponseBase:
    """The CSV of a finished export."""
    return export_answer(_export(export_id), actor=_actor(request))


@router.get("/diagnosis", response=DiagnosisOut, auth=VIEW)
def diagnosis(request: HttpRequest, import_id: int | None = None) -> Any:
    """Whom to write to, who sleeps, who cannot be judged, who may not be: of all or one import."""
    if import_id is not None:
        _import(import_id)
    counts = diagnoses.pile_counts(now=clock.now(), import_id=import_id)
    return {"piles": counts, "groups": group_counts(counts)}
