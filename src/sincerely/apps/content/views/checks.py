"""The checks of a mail as a page and as a part of others, with their one-click fixes."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from sincerely.apps.content.actions.editing import EditConflict
from sincerely.apps.content.actions.fixes import NotFixable, apply_fix
from sincerely.apps.content.checks import check_content
from sincerely.apps.content.compiler import CompileProblem
from sincerely.apps.content.models import Content
from sincerely.apps.content.queries import content_of
from sincerely.apps.content.rules.fallbacks import FALLBACKS
from sincerely.apps.content.rules.findings import Finding
from sincerely.apps.content.wording import conflict_words
from sincerely.apps.team.access import actor_of, requires
from sincerely.apps.team.rules import Capability
from sincerely.wire import clock


@requires(Capability.VIEW)
@require_safe
def checks(request: HttpRequest, content_id: int) -> HttpResponse:
    """Show what the checks found; htmx gets the part alone."""
    content = _content(content_id)
    context = checks_context(content, check_content(content), back=request.path)
    name = "content/_checks.html" if getattr(request, "htmx", False) else "content/checks.html"
    return render(request, name, context)


@requires(Capability.EDIT_CONTENT)
@require_POST
def fix(request: HttpRequest, content_id: int) -> HttpResponse:
    """Make one fix (`fix` and `place` in the address) and go back."""
    _content(content_id)
    try:
        apply_fix(
            content_id,
            fix=request.GET.get("fix", ""),
            place=request.GET.get("place", ""),
            now=clock.now(),
            actor=actor_of(request),
        )
        messages.success(request, _("Done."))
    except (NotFixable, CompileProblem):
        messages.error(request, _("This could not be mended by itself."))
    except EditConflict as conflict:
        messages.error(request, conflict_words(conflict))
    back = request.GET.get("back", "")
    if url_has_allowed_host_and_scheme(back, allowed_hosts=None):
        return redirect(back)
    return redirect("content:checks", content_id)


def checks_context(content: Content, found: list[Finding], *, back: str = "") -> dict[str, Any]:
    """Return what `content/_checks.html` needs, for pages that include it (with `back` to them)."""
    return {
        "content": content,
        "findings": [_row(content.pk, finding, back) for finding in found],
        "has_walls": any(finding.is_wall for finding in found),
    }


def _row(content_id: int, finding: Finding, back: str) -> dict[str, Any]:
    row: dict[str, Any] = {"finding": finding, "fix_href": "", "fix_post": "", "fix_label": ""}
    pages = {
        "edit": ("content:editor", _("Go there")),
        "links": ("content:links", _("Label the links")),
        "review_links": ("content:links", _("Look at the links")),
    }
    buttons = {
        "https": _("Use https"),
        "regenerate_text": _("Make it from the mail"),
        "fallback": _("Add a fall-back"),
        "relevance": _("Show blocks by label"),
        "confirm_page": _("Use our thank-you page"),
    }
    if finding.fix in pages:
        name, row["fix_label"] = pages[finding.fix]
        row["fix_href"] = reverse(name, args=[content_id])
    elif finding.fix in buttons and (finding.fix != "fallback" or finding.place in FALLBACKS):
        act = "dynamic" if finding.fix == "relevance" else finding.fix
        asked = urlencode({"fix": act, "place": finding.place, "back": back})
        row["fix_post"] = f"{reverse('content:fix', args=[content_id])}?{asked}"
        row["fix_label"] = buttons[finding.fix]
    return row


def _content(content_id: int) -> Content:
    content = content_of(content_id)
    if content is None:
        raise Http404
    return content
