"""The list of segments, one segment's people and history, copies and snapshots."""

from __future__ import annotations

import json
from datetime import datetime
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from sincerely.apps.segments import actions, queries
from sincerely.apps.segments.forms import NameForm, said
from sincerely.apps.segments.models import Segment
from sincerely.apps.segments.rules import WrongRule, expand, sentence
from sincerely.apps.team.access import actor_of, member_of, requires
from sincerely.apps.team.rules import Capability, may
from sincerely.wire.clock import now as clock_now
from sincerely.wire.row_numbers import row_number

PAGE = 50


def _found(segment_id: int) -> Segment:
    segment = queries.segment(segment_id)
    if segment is None:
        raise Http404
    return segment


@requires(Capability.VIEW)
def segment_list(request: HttpRequest) -> HttpResponse:
    """Show every segment with its sentence and size."""
    archived = "archived" in request.GET
    found = list(queries.segments(archived=archived))
    catalogue = queries.catalogue_of(*(segment.rule for segment in found))
    rows = [(segment, sentence(segment.rule, catalogue, gettext)) for segment in found]
    return render(request, "segments/list.html", {"rows": rows, "archived": archived})


def _number(text: str) -> int:
    return row_number(text) or 0


@requires(Capability.VIEW)
def detail(request: HttpRequest, segment_id: int) -> HttpResponse:
    """Show a segment: its sentence, how many now, and its people page by page."""
    segment = _found(segment_id)
    now = clock_now()
    catalogue = queries.catalogue_of(segment.rule)
    problems, people, count = [], [], None
    try:
        expand(segment.rule, catalogue, own_id=segment.pk)
        people = queries.members(
            segment, now=now, after=_number(request.GET.get("after", "")), limit=PAGE + 1
        )
        count = (
            segment.member_count if segment.refreshed_at else queries.count(segment.rule, now=now)
        )
    except WrongRule as wrong:
        problems = [said(problem) for problem in wrong.problems]
    following = people[PAGE - 1].pk if len(people) > PAGE else None
    shown = {
        "segment": segment,
        "sentence": sentence(segment.rule, catalogue, gettext),
        "problems": problems,
        "people": people[:PAGE],
        "next": f"?{urlencode({'after': following})}" if following else "",
        "count": count,
        "used_by": queries.segments_using(segment.pk),
        "rule": json.dumps(segment.rule, indent=2, ensure_ascii=False),
        "may_edit": may(member_of(request).role, Capability.EDIT_CONTACTS),
        "may_export": may(member_of(request).role, Capability.EXPORT),
        "name_form": NameForm(initial={"name": f"{segment.name} {now:%Y-%m-%d}"}),
    }
    return render(request, "segments/detail.html", shown)


@requires(Capability.VIEW)
def history(request: HttpRequest, segment_id: int) -> HttpResponse:
    """Show who entered and left, newest first."""
    segment = _found(segment_id)
    try:
        before = datetime.fromisoformat(request.GET.get("before", ""))
    except ValueError:
        before = None
    if before is not None and before.tzinfo is None:
        before = None
    found = queries.passages(segment.pk, before=before, limit=PAGE)
    following = urlencode({"before": found[-1].at.isoformat()}) if len(found) == PAGE else ""
    return render(
        request,
        "segments/history.html",
        {"segment": segment, "passages": found, "next": f"?{following}" if following else ""},
    )


@requires(Capability.EDIT_CONTACTS)
@require_POST
def duplicate(request: HttpRequest, segment_id: int) -> HttpResponse:
    """Make a copy and open its form."""
    segment = _found(segment_id)
    name = gettext("Copy of {name}").format(name=segment.name)
    made = actions.duplicate_segment(
        segment.pk, name=name, now=clock_now(), actor=actor_of(request)
    )
    return redirect("segments:edit", made.pk)


@requires(Capability.EDIT_CONTACTS)
@require_POST
def archive(request: HttpRequest, segment_id: int) -> HttpResponse:
    """Put a segment away, or take it out again."""
    segment = _found(segment_id)
    actions.archive_segment(
        segment.pk,
        archived=segment.archived_at is None,
        now=clock_now(),
        actor=actor_of(request),
    )
    messages.success(
        request,
        gettext("The segment is put away.")
        if segment.archived_at is None
        else gettext("The segment is in use again."),
    )
    return redirect("segments:list")


@requires(Capability.EDIT_CONTACTS)
@require_POST
def snapshot(request: HttpRequest, segment_id: int) -> HttpResponse:
    """Put today's people on a new list, which stays as it is."""
    segment = _found(segment_id)
    form = NameForm(request.POST)
    if not form.is_valid():
        messages.error(request, gettext("The list needs a name."))
        return redirect("segments:detail", segment.pk)
    try:
        made = actions.snapshot(
            segment.pk, name=form.cleaned_data["name"], now=clock_now(), actor=actor_of(request)
        )
    except actions.NameTaken:
        messages.error(request, gettext("Another list has this name."))
    except WrongRule:
        messages.error(request, gettext("The rule of this segment is wrong: repair it first."))
    else:
        text = gettext("Today's people stand on the list “{name}”.")
        messages.success(request, text.format(name=made.name))
    return redirect("segments:detail", segment.pk)
