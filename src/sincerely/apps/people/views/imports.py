"""The pages of an import: bring a file, say what it is, declare permission, start, undo."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from sincerely.apps.consent.queries.types import subscription_types
from sincerely.apps.people.actions import imports as actions
from sincerely.apps.people.actions.imports import Refused
from sincerely.apps.people.forms import MappingForm, PermissionForm, UploadForm
from sincerely.apps.people.models import Import, WorkState
from sincerely.apps.people.queries import imports as queries
from sincerely.apps.people.rules.choices import from_json
from sincerely.apps.people.rules.dialect import FileRefused
from sincerely.apps.people.views.changes import new_choices, sample_rows
from sincerely.apps.people.views.wording import (
    PHASES,
    file_problem,
    problem_in_words,
    problems_in_words,
    row_reasons,
)
from sincerely.apps.team.access import actor_of, requires
from sincerely.apps.team.durations import lasting
from sincerely.apps.team.numbers import grouped
from sincerely.apps.team.rules import Capability
from sincerely.apps.team.typed import asked_for, is_number
from sincerely.wire import clock
from sincerely.wire.row_numbers import row_number

PAGE = 50
SHOWN_LABELS = 50
COUNTED = dict.fromkeys(
    ("new", "updated", "unchanged", "permitted", "opted_out", "suppressed", "already_out"), 0
)
UNDONE = {"removed": 0, "restored": 0, "kept": 0}
AT_WORK = {state.value for state in queries.AT_WORK}


def found(import_id: int) -> Import:
    """Return the import or answer 404."""
    work = queries.find_import(import_id)
    if work is None:
        raise Http404
    return work


@requires(Capability.EDIT_CONTACTS)
def import_list(request: HttpRequest) -> HttpResponse:
    """Show the imports, newest first."""
    before = row_number(request.GET.get("before", ""))
    rows = queries.imports(before=before, limit=PAGE + 1)
    more = rows[PAGE - 1].pk if len(rows) > PAGE else None
    return render(request, "people/import_list.html", {"rows": rows[:PAGE], "next_before": more})


@requires(Capability.EDIT_CONTACTS)
def import_new(request: HttpRequest) -> HttpResponse:
    """Take a file and look at it."""
    form = UploadForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        upload = form.cleaned_data["file"]
        try:
            work = actions.bring_file(
                upload.chunks(),
                file_name=upload.name,
                now=clock.now(),
                actor=actor_of(request),
                kind=form.cleaned_data["kind"],
            )
        except FileRefused as problem:
            form.add_error("file", str(file_problem(problem.reason)))
        else:
            return redirect("people:import-columns", work.pk)
    status = 422 if form.errors else 200
    return render(request, "people/import_new.html", {"form": form}, status=status)


@requires(Capability.EDIT_CONTACTS)
def import_columns(request: HttpRequest, import_id: int) -> HttpResponse:
    """Say what each column is."""
    work = found(import_id)
    choices = from_json(work.choices)
    form = MappingForm(
        request.POST or None,
        header=work.header,
        choices=choices,
        fields=queries.known_fields(),
        lists=queries.known_lists(),
    )
    if request.method == "POST" and form.is_valid():
        try:
            return redirect(_kept(request, work, form), work.pk)
        except Refused as refusal:
            form.mark(refusal.problems, problem_in_words)
    rows = work.preview.get("rows", [])
    columns = [
        {"field": field, "sample": [row[place] for row in rows if place < len(row)][:3]}
        for place, field in enumerate(form.columns())
    ]
    context = {"work": work, "form": form, "columns": columns}
    return render(
        request, "people/import_columns.html", context, status=422 if form.errors else 200
    )


def _kept(request: HttpRequest, work: Import, form: MappingForm) -> str:
    """Keep the choices of the form, and return the name of the page that comes next."""
    now, actor = clock.now(), actor_of(request)
    wanted = form.result()
    keep = actions.choose if work.kind == "opt_out" else actions.keep_choices
    keep(work.pk, wanted, now=now, actor=actor)
    name = form.cleaned_data["new_list"].strip()
    if name:
        made = actions.new_list(name, now=now, actor=actor)
        list_ids = tuple(dict.fromkeys((*wanted.list_ids, made)))
        keep(work.pk, wanted.with_(list_ids=list_ids), now=now, actor=actor)
    return "people:import-one" if work.kind == "opt_out" else "people:import-permission"


@requires(Capability.EDIT_CONTACTS)
def import_permission(request: HttpRequest, import_id: int) -> HttpResponse:
    """Declare where the permission of these people comes from, or that there is none."""
    work = found(import_id)
    choices = from_json(work.choices)
    types = [(kind.pk, kind.name) for kind in subscription_types()]
    form = PermissionForm(request.POST or None, types=types, initial=_initial(choices.claim))
    if request.method == "POST" and form.is_valid():
        wanted = choices.with_(claim=form.claim(), permission_decided=True)
        try:
            actions.choose(
                work.pk,
                wanted,
                now=clock.now(),
                actor=actor_of(request),
                note=form.cleaned_data["note"],
            )
        except Refused as refusal:
            form.add_error(None, problems_in_words(refusal.problems))
        else:
            return redirect("people:import-one", work.pk)
    context = {"work": work, "form": form}
    status = 422 if form.errors else 200
    return render(request, "people/import_permission.html", context, status=status)


def _initial(claim: Any) -> dict[str, Any]:
    if claim is None:
        return {}
    return {
        "decision": "double" if claim.evidence == 2 else "single",
        "subscription_type": claim.subscription_type_id,
        "document": claim.document,
        "agreed_on": claim.at[:10] or None,
        "note": claim.note,
    }


@requires(Capability.EDIT_CONTACTS)
def import_one(request: HttpRequest, import_id: int) -> HttpResponse:
    """Show where the import is: its check, its run, its result."""
    work = found(import_id)
    if work.state == WorkState.DRAFT:
        return redirect("people:import-columns", work.pk)
    return _import_page(request, work)


def _import_page(request: HttpRequest, work: Import, *, wrong: str = "") -> HttpResponse:
    shown = work.preview if work.state == WorkState.CHECKED else work.totals
    unknown = work.preview.get("unknown_labels", {})
    context = {
        "work": work,
        "is_opt_out": work.kind == "opt_out",
        "is_at_work": work.state in AT_WORK,
        "counts": COUNTED | shown.get("counts", {}),
        "left_out": row_reasons(shown.get("left_out", {})),
        "notes": row_reasons(shown.get("notes", {})),
        "left_out_count": sum(shown.get("left_out", {}).values()),
        "unknown_labels": dict(list(unknown.items())[:SHOWN_LABELS]),
        "unknown_label_count": len(unknown),
        "sample": sample_rows(work),
        "new_choices": new_choices(work),
        "merged_count": work.preview.get("counts", {}).get("merged", 0),
        "rejected": row_reasons_of(work.preview.get("rejected", [])),
        "undone": UNDONE | work.totals.get("undone", {}),
        "claim": work.choices.get("claim"),
        "error": file_problem(work.error) if work.error else "",
        "files_go_at": queries.files_go_at(work),
        "word": _asked_for(work),
        "typed": request.POST.get("typed", ""),
        "wrong": wrong,
        **_progress(work),
    }
    return render(request, "people/import_one.html", context, status=422 if wrong else 200)


def row_reasons_of(rejected: list[list[Any]]) -> list[tuple[int, str, str]]:
    """Return rejected rows with their reason in words."""
    words = {item.code: item.words for item in row_reasons({row[1]: 1 for row in rejected})}
    return [(row[0], str(words.get(row[1], row[1])), row[2]) for row in rejected]


def _asked_for(work: Import) -> str:
    return asked_for(work.row_count or 0, always=work.kind == "opt_out")


def _progress(work: Import) -> dict[str, Any]:
    """Return the bar's numbers: done, all, rate and time left."""
    if work.state == WorkState.CHECKING:
        phase = str(PHASES.get(work.totals.get("phase", ""), _("Waiting for its turn")))
        return {"label": phase, "done": work.done_count, "all": None, "rate": "", "left": ""}
    if work.state == WorkState.UNDOING:
        label = _("Putting everything back")
        return {"label": label, "done": sum(work.totals.get("undone", {}).values()), "all": None}
    rate, left = _pace(work, clock.now())
    label = _("Importing")
    return {
        "label": label,
        "done": work.done_count,
        "all": work.row_count,
        "rate": rate,
        "left": left,
    }


def _pace(work: Import, now: datetime) -> tuple[str, str]:
    if not work.started_at or not work.done_count or work.state != WorkState.RUNNING:
        return "", ""
    seconds = max((now - work.started_at).total_seconds(), 0.5)
    per_second = max(work.done_count / seconds, 0.1)
    rest = timedelta(seconds=((work.row_count or 0) - work.done_count) / per_second)
    rate = _("%(n)s rows a second") % {"n": grouped(round(per_second))}
    return rate, lasting(rest)


@requires(Capability.EDIT_CONTACTS)
def import_progress(request: HttpRequest, import_id: int) -> HttpResponse:
    """Answer the bar; reload the page once there is something new to see."""
    work = found(import_id)
    if work.state not in AT_WORK:
        answer = HttpResponse()
        answer["HX-Redirect"] = reverse("people:import-one", args=[work.pk])
        return answer
    return render(request, "people/_import_bar.html", {"work": work, **_progress(work)})


def _act(request: HttpRequest, import_id: int, act: Any) -> HttpResponse:
    try:
        act(import_id, now=clock.now(), actor=actor_of(request))
    except Import.DoesNotExist as problem:
        raise Http404 from problem
    except Refused as refusal:
        messages.error(request, problems_in_words(refusal.problems))
    return redirect("people:import-one", import_id)


@requires(Capability.EDIT_CONTACTS)
@require_POST
def import_start(request: HttpRequest, import_id: int) -> HttpResponse:
    """Start a checked import; big ones and opt-out lists want their row count typed."""
    work = found(import_id)
    count = work.row_count or 0
    is_typed = is_number(request.POST.get("typed", ""), count)
    if work.state == WorkState.CHECKED and _asked_for(work) and not is_typed:
        return _import_page(request, work, wrong="1")

    def act(pk: int, **rest: Any) -> None:
        actions.start(pk, typed_count=count if is_typed else None, **rest)

    return _act(request, import_id, act)


@requires(Capability.EDIT_CONTACTS)
@require_POST
def import_cancel(request: HttpRequest, import_id: int) -> HttpResponse:
    """Stop an import where it is."""
    return _act(request, import_id, actions.cancel)


@requires(Capability.EDIT_CONTACTS)
@require_POST
def import_undo(request: HttpRequest, import_id: int) -> HttpResponse:
    """Undo an import."""
    return _act(request, import_id, actions.undo)


@requires(Capability.EDIT_CONTACTS)
@require_POST
def import_labels(request: HttpRequest, import_id: int) -> HttpResponse:
    """Create the chosen unknown labels, take the others as meant, and check again."""
    unknown = found(import_id).preview.get("unknown_labels", {})
    use = set(request.POST.getlist("use"))
    meant = {name: one["near"] for name, one in unknown.items() if name in use and one["near"]}
    names = (set(request.POST.getlist("name")) & set(unknown)) - set(meant)

    def act(pk: int, **rest: Any) -> None:
        made = actions.create_labels(pk, sorted(names), meant=meant, **rest)
        if made:
            text = ngettext("%(n)s label created.", "%(n)s labels created.", len(made))
            messages.success(request, text % {"n": grouped(len(made))})

    return _act(request, import_id, act)
