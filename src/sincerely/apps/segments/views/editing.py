"""The rule form: make, change, and see at once how many and who."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from sincerely.apps.segments import actions, queries
from sincerely.apps.segments.forms import (
    SegmentForm,
    laid_out,
    places_of,
    rule_from,
    said_with_place,
)
from sincerely.apps.segments.models import Segment
from sincerely.apps.segments.queries.previewing import preview
from sincerely.apps.segments.rules import WrongRule, sentence
from sincerely.apps.segments.rules.editing import boxed, edited, new_criterion
from sincerely.apps.segments.rules.ready_made import GALLERY, ready_made
from sincerely.apps.team.access import actor_of, requires
from sincerely.apps.team.rules import Capability
from sincerely.wire.clock import now as clock_now
from sincerely.wire.row_numbers import row_number
from sincerely.wire.strict_json import read_or_none

Rule = dict[str, Any]


@requires(Capability.EDIT_CONTACTS)
def new(request: HttpRequest) -> HttpResponse:
    """Show the gallery, then the form; store what it holds."""
    if request.method == "POST":
        return _posted(request, None)
    start = request.GET.get("start")
    if start is None and "rule" not in request.GET:
        return _gallery(request)
    rule, name = _started(request)
    return _page(request, rule, SegmentForm(initial={"name": name}), shows_missing=False)


@requires(Capability.EDIT_CONTACTS)
def edit(request: HttpRequest, segment_id: int) -> HttpResponse:
    """Show a segment's form; store what it holds."""
    segment = _found(segment_id)
    if request.method == "POST":
        return _posted(request, segment)
    form = SegmentForm(initial={"name": segment.name, "description": segment.description})
    return _page(request, segment.rule, form, segment=segment)


@requires(Capability.EDIT_CONTACTS)
@require_POST
def rule_form(request: HttpRequest) -> HttpResponse:
    """Return the rule's boxes after an act in them, or after a choice that changes their fields."""
    rule = _acted(request)
    response = render(
        request,
        "segments/_rule.html",
        {"place": laid_out(rule, shows_missing=False), "has_fields_only": True},
    )
    response["HX-Trigger-After-Settle"] = "rule-changed"
    return response


@requires(Capability.VIEW)
@require_POST
def rule_preview(request: HttpRequest) -> HttpResponse:
    """Return how many and who, and the count of each part."""
    rule = boxed(rule_from(request.POST))
    own_id = row_number(request.GET.get("segment", ""))
    return render(request, "segments/_preview.html", _previewed(rule, own_id))


def _previewed(rule: Rule, own_id: int | None) -> dict[str, Any]:
    shown = preview(rule, now=clock_now(), own_id=own_id)
    paths = places_of(rule)
    return {
        "preview": shown,
        "problems": [said_with_place(problem, rule) for problem in shown.problems][:3],
        "sentence": sentence(rule, shown.catalogue, gettext),
        "parts": [(f"count-{path.replace('.', '-')}", shown.parts.get(path)) for path in paths],
    }


def _found(segment_id: int) -> Segment:
    segment = queries.segment(segment_id)
    if segment is None:
        raise Http404
    return segment


def _gallery(request: HttpRequest) -> HttpResponse:
    catalogue = queries.full_catalogue({})
    picks = {"label": catalogue.labels.items(), "mailing": catalogue.mailings.items()}
    cards = [
        {
            "key": entry.key,
            "name": gettext(entry.name),
            "description": gettext(entry.description),
            "picks": entry.picks,
            "options": picks.get(entry.picks, ()),
        }
        for entry in GALLERY
    ]
    return render(request, "segments/gallery.html", {"cards": cards})


def _started(request: HttpRequest) -> tuple[Rule, str]:
    """Return the rule and the name with which the form starts."""
    entry = ready_made(request.GET.get("start", ""))
    if entry is not None:
        pick = row_number(request.GET.get("pick", ""))
        if entry.picks and pick is None:
            return boxed(new_criterion("mail" if entry.picks == "mailing" else "label_clicks")), ""
        name = gettext(entry.name)
        return boxed(entry.make(pick) if pick is not None else entry.make()), name
    given = read_or_none(request.GET.get("rule", ""))
    rule = given if isinstance(given, dict) else new_criterion()
    return boxed(rule), request.GET.get("name", "")[:120]


def _acted(request: HttpRequest) -> Rule:
    rule = boxed(rule_from(request.POST))
    act, _colon, path = request.POST.get("act", "").partition(":")
    return edited(rule, act, path) if act else rule


def _posted(request: HttpRequest, segment: Segment | None) -> HttpResponse:
    form = SegmentForm(request.POST)
    rule = _acted(request)
    if request.POST.get("act") or not form.is_valid():
        is_saving = not request.POST.get("act")
        shown = form if is_saving else SegmentForm(initial=request.POST.dict())
        return _page(request, rule, shown, segment=segment, shows_missing=is_saving)
    try:
        saved = _save(request, form, rule, segment=segment)
    except WrongRule:
        form.add_error(None, gettext("The rule is not finished yet: see the marked places."))
    except actions.NameTaken:
        form.add_error("name", gettext("Another segment has this name."))
    else:
        messages.success(request, gettext("The segment is saved."))
        return redirect("segments:detail", saved.pk)
    return _page(request, rule, form, segment=segment)


def _save(
    request: HttpRequest, form: SegmentForm, rule: Rule, *, segment: Segment | None
) -> Segment:
    given: dict[str, Any] = {
        "name": form.cleaned_data["name"],
        "rule": rule,
        "description": form.cleaned_data["description"],
        "now": clock_now(),
        "actor": actor_of(request),
    }
    if segment is not None:
        return actions.edit_segment(segment.pk, **given)
    return actions.create_segment(**given, ready_made=request.GET.get("start", "")[:40])


def _page(
    request: HttpRequest,
    rule: Rule,
    form: SegmentForm,
    *,
    segment: Segment | None = None,
    shows_missing: bool = True,
) -> HttpResponse:
    own_id = segment.pk if segment else None
    shown = {
        "segment": segment,
        "form": form,
        "place": laid_out(rule, shows_missing=shows_missing, own_id=own_id),
        **_previewed(boxed(rule), own_id),
    }
    return render(request, "segments/edit.html", shown, status=422 if form.errors else 200)
