"""The pages of exports."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from sincerely.apps.people.actions import exporting as actions
from sincerely.apps.people.forms import ExportForm
from sincerely.apps.people.queries import exports as queries
from sincerely.apps.people.queries.imports import known_labels, known_lists
from sincerely.apps.people.rules.columns import DEFAULT, FIELD, LABEL_ONLY, STANDARD
from sincerely.apps.segments.queries.segments import segments
from sincerely.apps.team.access import actor_of, requires
from sincerely.apps.team.rules import Capability
from sincerely.wire import clock
from sincerely.wire.row_numbers import row_number

PAGE = 50


@requires(Capability.EXPORT)
def export_list(request: HttpRequest) -> HttpResponse:
    """Show the exports and the form for a new one; `?of=list:3` or `?list=3` chooses who."""
    asked = _asked_for(request)
    fields = queries.field_names()
    form = ExportForm(
        request.POST or None,
        subjects=_subjects(),
        columns=[
            *STANDARD.items(),
            *((f"{FIELD}{key}", name) for key, name in fields.items()),
        ],
        initial={
            "subject": asked,
            "columns": [*DEFAULT, *(f"{FIELD}{key}" for key in fields)]
            + (list(LABEL_ONLY) if asked.startswith("label:") else []),
        },
    )
    if request.method == "POST" and form.is_valid():
        answer = _started(request, form)
        if answer:
            return answer
    before = row_number(request.GET.get("before", ""))
    rows = queries.exports(before=before, limit=PAGE + 1)
    context = {
        "form": form,
        "rows": rows[:PAGE],
        "next_before": rows[PAGE - 1].pk if len(rows) > PAGE else None,
    }
    return render(request, "people/export_list.html", context, status=422 if form.errors else 200)


def _asked_for(request: HttpRequest) -> str:
    """Return whom the address names, as a choice of the form; everybody where it names nobody."""
    for kind in ("list", "segment", "label"):
        if request.GET.get(kind):
            return f"{kind}:{request.GET[kind]}"
    return request.GET.get("of", "everyone:0")


def _subjects() -> list[tuple[Any, Any]]:
    return [
        ("everyone:0", _("Everybody")),
        (_("A list"), [(f"list:{pk}", name) for pk, name in known_lists().items()]),
        (_("A segment"), [(f"segment:{row.pk}", row.name) for row in segments()]),
        (_("A label"), [(f"label:{pk}", name) for name, pk in sorted(known_labels().items())]),
    ]


def _started(request: HttpRequest, form: ExportForm) -> HttpResponse | None:
    kind, _colon, subject = form.cleaned_data["subject"].partition(":")
    clicks = form.cleaned_data["minimum_clicks"]
    try:
        export = actions.start_export(
            kind,
            int(subject) or None,
            now=clock.now(),
            actor=actor_of(request),
            rule={"minimum_clicks": clicks} if clicks and kind == "label" else None,
            columns=form.cleaned_data["columns"],
        )
    except actions.NoSuchExport as problem:
        form.add_error(None, _(str(problem)))
        return None
    return redirect("people:export-one", export.pk)


@requires(Capability.EXPORT)
def export_one(request: HttpRequest, export_id: int) -> HttpResponse:
    """Show an export: its progress, then its file and manifest."""
    export = queries.find_export(export_id)
    if export is None:
        raise Http404
    is_at_work = export.state in ("queued", "running")
    if request.headers.get("HX-Request") and request.GET.get("bar"):
        if not is_at_work:
            answer = HttpResponse()
            answer["HX-Redirect"] = reverse("people:export-one", args=[export.pk])
            return answer
        return render(request, "people/_export_bar.html", {"export": export})
    context = {
        "export": export,
        "is_at_work": is_at_work,
        "file_goes_at": queries.file_goes_at(export),
    }
    return render(request, "people/export_one.html", context)


@requires(Capability.EXPORT)
@require_POST
def export_subject(request: HttpRequest, kind: str, subject_id: int) -> HttpResponse:
    """Start an export by one click: of a list, segment, label, or a mailing's recipients."""
    if kind not in queries.KINDS:
        raise Http404
    try:
        export = actions.start_export(kind, subject_id, now=clock.now(), actor=actor_of(request))
    except actions.NoSuchExport as problem:
        raise Http404 from problem
    return redirect("people:export-one", export.pk)


@requires(Capability.EXPORT)
@require_POST
def export_cancel(request: HttpRequest, export_id: int) -> HttpResponse:
    """Stop an export that is not done yet."""
    if queries.find_export(export_id) is None:
        raise Http404
    actions.cancel_export(export_id, now=clock.now(), actor=actor_of(request))
    messages.info(request, _("The export was stopped."))
    return redirect("people:export-list")
