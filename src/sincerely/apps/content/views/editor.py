"""The mail editor: its page (island and plain form) and what the island asks for."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from sincerely.apps.contacts.queries import contacts_by_id, find_prefix
from sincerely.apps.content.actions import editing as actions
from sincerely.apps.content.compiler import CompileProblem, compile_draft
from sincerely.apps.content.forms.editing import EnvelopeForm, block_rows, entered_document
from sincerely.apps.content.models import Content, ContentRevision
from sincerely.apps.content.queries import editing as queries
from sincerely.apps.content.rules.document import BadDocument, Problem, check_document, tidy
from sincerely.apps.content.rules.editing import command
from sincerely.apps.content.views.editor_setup import setup_of
from sincerely.apps.content.wording import closed_words, said, unread_words
from sincerely.apps.team.access import actor_of, requires
from sincerely.apps.team.numbers import grouped
from sincerely.apps.team.rules import Capability
from sincerely.wire import clock
from sincerely.wire.strict_json import read_or_none


def editor_context(content: Content) -> dict[str, Any]:
    """Return what `content/_editor.html` needs, for pages that include it."""
    document = tidy(content.document or {})
    envelope = EnvelopeForm(
        initial={
            "revision": content.revision,
            "subject": content.subject,
            "preheader": content.preheader,
        }
    )
    return {
        "content": content,
        "editor_setup": setup_of(content, document),
        "rows": block_rows(document),
        "envelope": envelope,
    }


@requires(Capability.EDIT_CONTENT)
def edit(request: HttpRequest, content_id: int) -> HttpResponse:
    """Show the editor; POST is the plain form's save, with at most one move."""
    content = _draft(content_id)
    if request.method == "POST":
        return _save_plainly(request, content)
    return render(request, "content/editor.html", editor_context(content))


@requires(Capability.EDIT_CONTENT)
@require_http_methods(["PUT"])
def save(request: HttpRequest, content_id: int) -> JsonResponse:
    """Autosave: store the changes on top of the revision they started from."""
    _draft(content_id)
    body = _json(request)
    revision = _revision(body)
    if revision is None:
        return JsonResponse({"problems": [{"message": unread_words()}]}, status=422)
    try:
        content = actions.save_draft(
            content_id,
            base_revision=revision,
            changes=body.get("changes", {}),
            now=clock.now(),
            actor=actor_of(request),
        )
    except actions.DraftClosed:
        return JsonResponse({"problems": [{"message": closed_words()}]}, status=422)
    except actions.EditConflict as conflict:
        return _conflict(conflict)
    except BadDocument as problem:
        return JsonResponse({"problems": _problems(problem.problems)}, status=422)
    return JsonResponse(_saved(content))


@requires(Capability.EDIT_CONTENT)
@require_safe
def versions(request: HttpRequest, content_id: int) -> JsonResponse:
    """Answer the kept versions, newest first."""
    _draft(content_id)
    rows = [
        {
            "revision": row["revision"],
            "at": date_format(localtime(row["at"]), "DATETIME_FORMAT"),
            "member": row["member"] or _("the program"),
        }
        for row in queries.versions(content_id)
    ]
    return JsonResponse({"items": rows})


@requires(Capability.EDIT_CONTENT)
@require_safe
def version(request: HttpRequest, content_id: int, revision: int) -> JsonResponse:
    """Answer the state kept under a revision, to look at before it is restored."""
    state = queries.version_state(content_id, revision)
    if state is None:
        raise Http404
    return JsonResponse({"state": state})


@requires(Capability.EDIT_CONTENT)
@require_POST
def restore(request: HttpRequest, content_id: int, revision: int) -> JsonResponse:
    """Make a kept version the newest."""
    _draft(content_id)
    try:
        content = actions.restore_version(
            content_id,
            revision=revision,
            base_revision=_revision(_json(request)) or 0,
            now=clock.now(),
            actor=actor_of(request),
        )
    except ContentRevision.DoesNotExist:
        raise Http404 from None
    except actions.DraftClosed:
        return JsonResponse({"problems": [{"message": closed_words()}]}, status=422)
    except actions.EditConflict as conflict:
        return _conflict(conflict)
    return JsonResponse(_saved(content) | {"state": actions.state_of(content)})


@requires(Capability.EDIT_CONTENT)
@require_safe
def generated_text(request: HttpRequest, content_id: int) -> JsonResponse:
    """Answer the plain text that the program makes of the mail."""
    content = _draft(content_id)
    content.is_text_edited = False
    try:
        return JsonResponse({"text": compile_draft(content).text_source})
    except CompileProblem as problem:
        return JsonResponse({"error": said(problem)}, status=422)


@requires(Capability.EDIT_CONTENT)
@require_safe
def viewers(request: HttpRequest) -> JsonResponse:
    """Answer the contacts as whom one could look, by the start of a name or address."""
    search = request.GET.get("q", "").strip()
    found = contacts_by_id(find_prefix(search, limit=8)) if search else {}
    items = [
        {"id": contact_id, "name": f"{contact} ({contact.address})"}
        for contact_id, contact in found.items()
    ]
    return JsonResponse({"items": items})


@requires(Capability.EDIT_CONTENT)
@require_http_methods(["GET", "POST"])
def saved_blocks(request: HttpRequest) -> JsonResponse:
    """Answer the saved blocks; POST keeps one more."""
    if request.method == "POST":
        body = _json(request)
        try:
            actions.save_block(
                name=str(body.get("name") or _("Block")),
                block=body["block"] if isinstance(body.get("block"), dict) else {},
                now=clock.now(),
                actor=actor_of(request),
            )
        except BadDocument as problem:
            return JsonResponse({"problems": _problems(problem.problems)}, status=422)
    rows = [{"id": row.pk, "name": row.name, "block": row.block} for row in queries.saved_blocks()]
    return JsonResponse({"items": rows})


@requires(Capability.EDIT_CONTENT)
@require_POST
def forget_block(request: HttpRequest, block_id: int) -> JsonResponse:
    """Delete a saved block."""
    actions.delete_saved_block(block_id, now=clock.now(), actor=actor_of(request))
    return JsonResponse({})


def _save_plainly(request: HttpRequest, content: Content) -> HttpResponse:
    document = tidy(content.document or {})
    rows = block_rows(document, request.POST)
    envelope = EnvelopeForm(request.POST)
    if not envelope.is_valid():
        return redirect("content:editor", content.pk)
    changed = command(entered_document(document, rows), request.POST.get("do", ""))
    try:
        actions.save_draft(
            content.pk,
            base_revision=envelope.cleaned_data["revision"],
            changes={
                "document": changed,
                "subject": envelope.cleaned_data["subject"],
                "preheader": envelope.cleaned_data["preheader"],
            },
            now=clock.now(),
            actor=actor_of(request),
        )
    except actions.EditConflict as conflict:
        words = _("Somebody else has saved this mail since. What you entered is still below.")
        is_closed = isinstance(conflict, actions.DraftClosed)
        messages.error(request, closed_words() if is_closed else words)
        context = editor_context(content) | {"rows": rows, "envelope": envelope}
        return render(request, "content/editor.html", context, status=409)
    messages.success(request, _("Saved."))
    return redirect("content:editor", content.pk)


def _draft(content_id: int) -> Content:
    content = queries.draft(content_id)
    if content is None:
        raise Http404
    return content


def _json(request: HttpRequest) -> dict[str, Any]:
    body = read_or_none(request.body or b"{}")
    return body if isinstance(body, dict) else {}


def _revision(body: dict[str, Any]) -> int | None:
    given = body.get("revision")
    return given if isinstance(given, int) else None


def _saved(content: Content) -> dict[str, Any]:
    problems = check_document(content.document) if content.mode == "blocks" else []
    walls = sum(1 for problem in problems if problem.is_wall)
    return {
        "revision": content.revision,
        "at": date_format(localtime(content.changed_at), "TIME_FORMAT"),
        "problems": _problems(problems),
        "summary": ngettext("%(count)s thing to mend", "%(count)s things to mend", walls)
        % {"count": grouped(walls)}
        if walls
        else "",
    }


def _problems(problems: list[Problem]) -> list[dict[str, Any]]:
    return [
        {
            "code": problem.code,
            "message": _(problem.message),
            "block": problem.block_id,
            "is_wall": problem.is_wall,
        }
        for problem in problems
    ]


def _conflict(conflict: actions.EditConflict) -> JsonResponse:
    message = _(
        "Somebody else has saved this mail since you opened it. Nothing of yours is lost: look at "
        "their version, or put yours on top. Both stay in the list of versions."
    )
    content = conflict.content
    return JsonResponse(
        {"message": message, "revision": content.revision, "state": actions.state_of(content)},
        status=409,
    )
