"""The list and the calendar of campaigns, and the first step of a new one."""

from __future__ import annotations

import calendar
from collections import defaultdict
from datetime import date, datetime

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from sincerely.apps.campaigns import actions, queries
from sincerely.apps.campaigns.forms import NewCampaignForm
from sincerely.apps.campaigns.models import Campaign
from sincerely.apps.campaigns.queries.audience import SourceChoice
from sincerely.apps.campaigns.rules.stages import WrongStage
from sincerely.apps.campaigns.views.leaving import leaves
from sincerely.apps.campaigns.views.shared import found, shown_state
from sincerely.apps.content.actions.editing import UnknownDesign, create_from_template
from sincerely.apps.content.queries.editing import gallery
from sincerely.apps.team.access import actor_of, member_of, requires
from sincerely.apps.team.rules import Capability, may
from sincerely.wire import clock
from sincerely.wire.row_numbers import row_number

PAGE = 50


@requires(Capability.VIEW)
def campaign_list(request: HttpRequest) -> HttpResponse:
    """Show campaigns, newest first."""
    words, stage = request.GET.get("q", ""), request.GET.get("stage", "")
    rows = queries.campaigns_page(
        before_id=row_number(request.GET.get("before", "")),
        limit=PAGE + 1,
        words=words,
        stage=stage,
    )
    shown = [(one, shown_state(one), leaves(one)) for one in rows[:PAGE]]
    return render(
        request,
        "campaigns/list.html",
        {
            "rows": shown,
            "may_edit": may(member_of(request).role, Capability.EDIT_CONTENT),
            "words": words,
            "next_before": rows[PAGE - 1].pk if len(rows) > PAGE else None,
        },
    )


@requires(Capability.VIEW)
def campaign_calendar(request: HttpRequest) -> HttpResponse:
    """Show what went out and what comes, by day of a month."""
    today = timezone.localdate(clock.now())
    first = _month(request.GET.get("month", ""), today)
    by_day: dict[date, list[Campaign]] = defaultdict(list)
    for campaign in queries.campaigns_page(limit=500):
        at = campaign.launched_at or campaign.launch_after
        if campaign.local_on and isinstance(at, datetime):  # on each contact's own clock
            by_day[campaign.local_on].append(campaign)
        elif isinstance(at, datetime):
            by_day[timezone.localdate(at)].append(campaign)
    weeks = [
        [
            {"day": day, "is_other": day.month != first.month, "campaigns": by_day[day]}
            for day in week
        ]
        for week in calendar.Calendar().monthdatescalendar(first.year, first.month)
    ]
    return render(
        request,
        "campaigns/calendar.html",
        {
            "weeks": weeks,
            "first": first,
            "today": today,
            "previous": _shifted(first, -1),
            "following": _shifted(first, 1),
        },
    )


def _month(text: str, today: date) -> date:
    try:
        return date.fromisoformat(f"{text}-01")
    except ValueError:
        return today.replace(day=1)


def _shifted(first: date, months: int) -> str:
    index = first.year * 12 + first.month - 1 + months
    return f"{index // 12:04d}-{index % 12 + 1:02d}"


@requires(Capability.EDIT_CONTENT)
def new_campaign(request: HttpRequest) -> HttpResponse:
    """Choose a design and a name; then the writing begins."""
    language = member_of(request).language
    asked = _asked_for(request)
    form = NewCampaignForm(request.POST or None, initial={"language": language})
    if request.method == "POST" and form.is_valid():
        entered, now, actor = form.cleaned_data, clock.now(), actor_of(request)
        try:
            content = create_from_template(
                entered["template"] or "newsletter",
                name=entered["name"],
                brand_id=entered["brand"],
                language=entered["language"],
                now=now,
                actor=actor,
            )
        except UnknownDesign:
            form.add_error(None, _("This design is no longer there. Choose another one."))
        else:
            made = actions.create_campaign(
                entered["name"], content_id=content.pk, now=now, actor=actor
            )
            if asked is not None:
                audience = {"include": [{asked.kind: asked.pk}], "exclude": []}
                actions.set_audience(made.pk, audience=audience, now=now, actor=actor)
            return redirect("campaigns:write", made.pk)
    context = {
        "form": form,
        "designs": gallery(language),
        "audience_name": asked.name if asked else "",
    }
    return render(request, "campaigns/new.html", context)


def _asked_for(request: HttpRequest) -> SourceChoice | None:
    """Return the list, segment or label that the address names as audience, if it exists."""
    for choice in queries.sources():
        if request.GET.get(choice.kind) == str(choice.pk):
            return choice
    return None


@require_POST
@requires(Capability.EDIT_CONTENT)
def duplicate(request: HttpRequest, campaign_id: int) -> HttpResponse:
    """Make a draft from a campaign."""
    source = found(campaign_id)
    copy = actions.duplicate_campaign(
        source.pk,
        name=_("Copy of %(name)s") % {"name": source.name},
        now=clock.now(),
        actor=actor_of(request),
    )
    messages.success(request, _("This is the copy. Nothing of it has been sent."))
    return redirect("campaigns:write", copy.pk)


@require_POST
@requires(Capability.EDIT_CONTENT)
def archive(request: HttpRequest, campaign_id: int) -> HttpResponse:
    """Take a draft or cancelled campaign out of the list."""
    try:
        actions.archive_campaign(found(campaign_id).pk, now=clock.now(), actor=actor_of(request))
    except WrongStage:
        messages.error(request, _("Only drafts and cancelled campaigns can be archived."))
        return redirect("campaigns:show", campaign_id)
    messages.success(request, _("The campaign is archived."))
    return redirect("campaigns:list")
