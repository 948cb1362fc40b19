"""Files that go out: exports, their manifests, and what an import left out."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from django.http import FileResponse, Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.text import slugify
from django.utils.translation import gettext as _

from sincerely.apps.people.actions.exporting import note_download
from sincerely.apps.people.actions.imports import have_rows
from sincerely.apps.people.models import Export, Import, WorkState
from sincerely.apps.people.queries.exports import as_json, find_export
from sincerely.apps.people.queries.files import path_of
from sincerely.apps.people.queries.imports import find_import, reject_rows
from sincerely.apps.people.rules.columns import lines
from sincerely.apps.team.access import actor_of, requires
from sincerely.apps.team.rules import Actor, Capability
from sincerely.wire import clock

CSV = "text/csv; charset=utf-8"


def rejects_text(work: Import) -> Iterator[str]:
    """Yield the rejects file: row, what happened, why, then the row's own cells."""
    have_rows(work)
    head = [_("Row"), _("Taken"), _("Reason"), _("Detail"), *work.header]
    yield lines([head])
    rows = (
        [
            reject.row_number,
            _("no") if reject.is_whole_row else _("in part"),
            reject.sentence,
            reject.detail,
            *cells,
        ]
        for reject, cells in reject_rows(work)
    )
    while part := list(islice(rows, 500)):
        yield lines(part)


@requires(Capability.EDIT_CONTACTS)
def rejects_file(request: HttpRequest, import_id: int) -> HttpResponseBase:
    """Give the rejects of an import as CSV."""
    work = find_import(import_id)
    if work is None or work.forgotten_at:
        raise Http404
    answer = StreamingHttpResponse(rejects_text(work), content_type=CSV)
    answer["Content-Disposition"] = f'attachment; filename="rejects-{work.pk}.csv"'
    return answer


def export_answer(export: Export | None, *, actor: Actor) -> HttpResponseBase:
    """Give the file of a finished export and note who took it; 404 where there is none."""
    if export is None or export.state != WorkState.DONE or export.forgotten_at:
        raise Http404
    path = path_of(export.stored_as)
    if not path.exists():
        raise Http404
    note_download(export, now=clock.now(), actor=actor)
    return FileResponse(
        path.open("rb"), as_attachment=True, filename=f"{file_stem(export)}.csv", content_type=CSV
    )


def file_stem(export: Export) -> str:
    """Return the file's name without its ending: what it is, and of when."""
    name = slugify(export.name) or export.subject_kind
    return f"{name}-{export.finished_at or export.created_at:%Y-%m-%d}"


@requires(Capability.EXPORT)
def export_file(request: HttpRequest, export_id: int) -> HttpResponseBase:
    """Give the CSV of an export."""
    return export_answer(find_export(export_id), actor=actor_of(request))


@requires(Capability.EXPORT)
def manifest_file(request: HttpRequest, export_id: int) -> HttpResponse:
    """Give the manifest of an export."""
    export = find_export(export_id)
    if export is None or not export.manifest:
        raise Http404
    answer = HttpResponse(as_json(export.manifest), content_type="application/json")
    name = f"{file_stem(export)}.manifest.json"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
