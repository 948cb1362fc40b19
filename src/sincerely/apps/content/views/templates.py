"""The gallery: look at designs, start a mail from one, keep and manage one's own."""

from __future__ import annotations

from csp.decorators import csp_replace
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_POST, require_safe

from sincerely.apps.content.actions import editing as actions
from sincerely.apps.content.compiler import CompileProblem, compile_content
from sincerely.apps.content.forms.editing import TemplateForm, UseTemplateForm
from sincerely.apps.content.models import Content
from sincerely.apps.content.queries import editing as queries
from sincerely.apps.content.renderer import Renderer, RenderProblem
from sincerely.apps.team.access import actor_of, requires
from sincerely.apps.team.rules import Capability
from sincerely.wire import clock

MAIL_CSP = {
    "default-src": ["'none'"],
    "style-src": ["'unsafe-inline'"],
    "img-src": ["'self'", "data:", settings.PUBLIC_URL],
    "frame-ancestors": ["'self'"],
    "script-src": None,
    "form-action": ["'none'"],
}


@requires(Capability.VIEW)
@require_safe
def gallery(request: HttpRequest) -> HttpResponse:
    """Show own templates and the ready-made designs, each as it looks in the brand."""
    cards = queries.gallery(get_language() or "en")
    context = {
        "own": [card for card in cards if not card.is_ready_made],
        "ready": [card for card in cards if card.is_ready_made],
        "drafts": queries.drafts(limit=8),
    }
    return render(request, "content/templates.html", context)


@requires(Capability.VIEW)
@require_safe
@xframe_options_sameorigin
@csp_replace(MAIL_CSP)  # type: ignore[arg-type]  # its stub knows no URL parameters
def look(request: HttpRequest, key: str) -> HttpResponse:
    """Serve a design as a mail in the brand's look, for the frames of the gallery."""
    brand = queries.brand_for()
    sample = None
    if brand is not None:
        sample = queries.sample_of(key, language=get_language() or "en", brand=brand)
    if sample is None:
        raise Http404
    return HttpResponse(_drawn(sample))


@requires(Capability.EDIT_CONTENT)
def use(request: HttpRequest, key: str) -> HttpResponse:
    """Ask for a name and make a draft from the design."""
    language = get_language() or "en"
    card = next((card for card in queries.gallery(language) if card.key == key), None)
    if card is None:
        raise Http404
    initial = {"name": card.name, "language": language[:2]}
    form = UseTemplateForm(request.POST or None, brands=queries.brands(), initial=initial)
    if request.method == "POST" and form.is_valid():
        content = actions.create_from_template(
            key,
            name=form.cleaned_data["name"],
            brand_id=form.cleaned_data["brand"],
            language=form.cleaned_data["language"],
            now=clock.now(),
            actor=actor_of(request),
        )
        return redirect("content:editor", content.pk)
    return render(request, "content/template_use.html", {"form": form, "card": card})


@requires(Capability.EDIT_CONTENT)
def edit(request: HttpRequest, template_id: int) -> HttpResponse:
    """Change the name and description of a template of one's own."""
    template = queries.template(template_id)
    if template is None:
        raise Http404
    initial = {"name": template.name, "description": template.description}
    form = TemplateForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        actions.edit_template(
            template_id, **form.cleaned_data, now=clock.now(), actor=actor_of(request)
        )
        messages.success(request, _("Saved."))
        return redirect("content:templates")
    context = {"form": form, "template": template, "key": str(template.pk)}
    return render(request, "content/template_edit.html", context)


@requires(Capability.EDIT_CONTENT)
@require_POST
def archive(request: HttpRequest, template_id: int) -> HttpResponse:
    """Take a template out of the gallery."""
    if queries.template(template_id) is None:
        raise Http404
    actions.archive_template(template_id, now=clock.now(), actor=actor_of(request))
    messages.success(request, _("The template is out of the gallery. Your mails keep their look."))
    return redirect("content:templates")


@requires(Capability.EDIT_CONTENT)
def keep(request: HttpRequest, content_id: int) -> HttpResponse:
    """Keep a draft's design as a template."""
    content = queries.draft(content_id)
    if content is None:
        raise Http404
    form = TemplateForm(request.POST or None, initial={"name": content.name})
    if request.method == "POST" and form.is_valid():
        actions.save_as_template(
            content_id, **form.cleaned_data, now=clock.now(), actor=actor_of(request)
        )
        messages.success(request, _("It is in the gallery now."))
        return redirect("content:templates")
    context = {
        "form": form,
        "content": content,
        "back": reverse("content:editor", args=[content_id]),
    }
    return render(request, "content/template_keep.html", context)


def _drawn(sample: Content) -> str:
    try:
        rendered = Renderer(compile_content(sample)).render(
            {"contact": {"first_name": "Ann"}},
            link_url=None,
            open_url=None,
            unsubscribe_url="#",
            preferences_url="#",
        )
    except (CompileProblem, RenderProblem) as problem:
        return f"<p>{problem}</p>"
    return rendered.html
