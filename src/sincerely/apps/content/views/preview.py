"""A draft as somebody would get it: the bare mail for a frame, and the page around it."""

from __future__ import annotations

from csp.decorators import csp_replace
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.html import escape
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from sincerely.apps.contacts.queries import contact, contacts_by_id, find_prefix
from sincerely.apps.content.compiler import CompileProblem
from sincerely.apps.content.models import Content
from sincerely.apps.content.queries import content_of
from sincerely.apps.content.queries.preview import Preview, Viewer, preview
from sincerely.apps.content.renderer import RenderProblem
from sincerely.apps.content.views.templates import MAIL_CSP
from sincerely.apps.content.wording import said
from sincerely.apps.labels.queries import labels
from sincerely.apps.team.access import requires
from sincerely.apps.team.rules import Capability
from sincerely.wire import clock

FRAME_CSP = {**MAIL_CSP, "sandbox": ["allow-same-origin"]}
MODES = ("desktop", "phone", "dark", "text")
# What mail programs do to mails that know nothing of the dark: turn the light around.
DARK = (
    "<style>:root{color-scheme:dark}html{background:#111}"
    "body{filter:invert(1) hue-rotate(180deg)}img{filter:invert(1) hue-rotate(180deg)}</style>"
)
TEXT = (
    "<!doctype html><meta charset=utf-8><title>{title}</title>"
    "<style>:root{{color-scheme:light dark}}"
    "pre{{font:14px/1.5 ui-monospace,monospace;white-space:pre-wrap;margin:1rem}}</style>"
    "<pre>{text}</pre>"
)


@requires(Capability.VIEW)
@require_safe
@xframe_options_sameorigin
@csp_replace(FRAME_CSP)  # type: ignore[arg-type]  # its stub knows no URL parameters
def frame(request: HttpRequest, content_id: int) -> HttpResponse:
    """Serve the bare mail for a frame: `as` says as whom, `mode` how; nothing in it can run."""
    content = _content(content_id)
    mode = request.GET.get("mode", "desktop")
    try:
        seen = _seen(request, content)
    except (CompileProblem, RenderProblem) as problem:
        return HttpResponse(TEXT.format(title=_("Preview"), text=escape(said(problem))))
    if mode == "text":
        return HttpResponse(TEXT.format(title=_("Preview"), text=escape(seen.rendered.text)))
    html = seen.rendered.html
    return HttpResponse(_darkened(html) if mode == "dark" else html)


@requires(Capability.VIEW)
@require_safe
def look(request: HttpRequest, content_id: int) -> HttpResponse:
    """Show the mail in a frame, with whom to look as, and which blocks were shown and why."""
    content = _content(content_id)
    mode = request.GET.get("mode", "desktop")
    viewer = request.GET.get("as", "")
    search = request.GET.get("q", "").strip()
    context = {
        "content": content,
        "mode": mode if mode in MODES else "desktop",
        "modes": [
            {"name": name, "word": word, "is_current": name == mode}
            for name, word in zip(MODES, _mode_words(), strict=True)
        ],
        "as_whom": viewer,
        "person": contact(Viewer.read(viewer).contact_id or 0),
        "labels": labels(),
        "search": search,
        "people": list(contacts_by_id(find_prefix(search, limit=8)).values()) if search else [],
    }
    try:
        context["seen"] = _seen(request, content)
    except (CompileProblem, RenderProblem) as problem:
        context["problem"] = said(problem)
    return render(request, "content/look.html", context)


def _mode_words() -> list[str]:
    return [_("Desktop"), _("Phone"), _("Dark"), _("Plain text")]


def _seen(request: HttpRequest, content: Content) -> Preview:
    return preview(content, Viewer.read(request.GET.get("as", "")), now=clock.now())


def _darkened(html: str) -> str:
    """Return the mail as in the dark; one that has dark styles of its own is shown by them."""
    if "prefers-color-scheme" in html:
        return html.replace("(prefers-color-scheme: dark)", "all").replace(
            "(prefers-color-scheme:dark)", "all"
        )
    return html.replace("</head>", f"{DARK}</head>", 1)


def _content(content_id: int) -> Content:
    content = content_of(content_id)
    if content is None:
        raise Http404
    return content
