"""The links of a mail: a label for each, and the review after an edit."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from sincerely.apps.content.actions import links as actions
from sincerely.apps.content.actions.editing import EditConflict
from sincerely.apps.content.compiler import CompileProblem
from sincerely.apps.content.forms.links import LinkLabelForm, form_of
from sincerely.apps.content.links import as_reviewed, links_of, review_of
from sincerely.apps.content.models import Content
from sincerely.apps.content.queries import content_of
from sincerely.apps.content.wording import conflict_words, said
from sincerely.apps.labels.queries import labels
from sincerely.apps.team.access import actor_of, requires
from sincerely.apps.team.rules import Capability
from sincerely.wire import clock


@requires(Capability.VIEW)
@require_safe
def links(request: HttpRequest, content_id: int) -> HttpResponse:
    """List every unique link with its label."""
    return render(request, "content/links.html", links_context(_content(content_id)))


@requires(Capability.EDIT_CONTENT)
@require_POST
def choose_label(request: HttpRequest, content_id: int) -> HttpResponse:
    """Give one link a label; htmx gets the list again, a plain form the page."""
    _content(content_id)
    form = LinkLabelForm(request.POST, labels=labels())
    if not form.is_valid():
        raise Http404
    try:
        actions.choose_label(
            content_id,
            url=form.cleaned_data["url"],
            label_id=form.label_id,
            now=clock.now(),
            actor=actor_of(request),
        )
    except (actions.NotLabelled, CompileProblem):
        messages.error(request, _("This link has changed. Look at the list again."))
    except EditConflict as conflict:
        messages.error(request, conflict_words(conflict))
    return _answer(request, content_id)


@requires(Capability.EDIT_CONTENT)
@require_POST
def review(request: HttpRequest, content_id: int) -> HttpResponse:
    """Note that the links have been looked at as they are now."""
    _content(content_id)
    try:
        actions.review_links(content_id, now=clock.now(), actor=actor_of(request))
        messages.success(request, _("The links are reviewed."))
    except CompileProblem as problem:
        messages.error(request, said(problem))
    except EditConflict as conflict:
        messages.error(request, conflict_words(conflict))
    return _answer(request, content_id)


def links_context(content: Content) -> dict[str, Any]:
    """Return what `content/_links.html` needs, for pages that include it."""
    try:
        found = links_of(content)
    except CompileProblem as problem:
        return {"content": content, "problem": said(problem), "rows": []}
    choices = labels()
    shown = as_reviewed(content, found)
    rows = [
        {"link": link, "form": form_of(link, number, choices) if link.may_be_labelled else None}
        for number, link in enumerate(shown, start=1)
    ]
    return {
        "content": content,
        "rows": rows,
        "review": review_of(content, found),
        "unlabelled_count": sum(
            1 for link in shown if link.may_be_labelled and link.label_id is None
        ),
    }


def _answer(request: HttpRequest, content_id: int) -> HttpResponse:
    if getattr(request, "htmx", False):
        return render(request, "content/_links.html", links_context(_content(content_id)))
    return redirect("content:links", content_id)


def _content(content_id: int) -> Content:
    content = content_of(content_id)
    if content is None:
        raise Http404
    return content
