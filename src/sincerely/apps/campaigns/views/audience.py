"""The tab 'People': who gets it, how many will and how many will not, by reason."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from sincerely.apps.campaigns import actions, queries
from sincerely.apps.campaigns.forms import AudienceForm
from sincerely.apps.campaigns.models import Campaign
from sincerely.apps.campaigns.queries.choices import subscription_types
from sincerely.apps.campaigns.rules.audience import Audience
from sincerely.apps.campaigns.rules.stages import WrongStage
from sincerely.apps.campaigns.views.shared import found, frame, tell_moved_on
from sincerely.apps.segments.forms import said
from sincerely.apps.segments.rules import WrongRule
from sincerely.apps.sending.models import SkipReason
from sincerely.apps.team.access import actor_of, requires
from sincerely.apps.team.rules import Capability
from sincerely.wire import clock
from sincerely.wire.row_numbers import row_number

PAGE = 50
REASONS = {**dict(SkipReason.choices), queries.EXCLUDED: gettext_lazy("taken out under “But not”")}


@requires(Capability.EDIT_CONTENT)
def people(request: HttpRequest, campaign_id: int) -> HttpResponse:
    """Choose the audience; the counts stand beside it."""
    campaign = found(campaign_id)
    form = AudienceForm(request.POST or None, initial=AudienceForm.of(campaign.audience))
    if request.method == "POST" and form.is_valid():
        try:
            actions.set_audience(
                campaign.pk, audience=form.audience(), now=clock.now(), actor=actor_of(request)
            )
            messages.success(request, _("The audience is saved."))
        except WrongStage:
            tell_moved_on(request)
        return redirect("campaigns:people", campaign.pk)
    context = {
        "form": form,
        **frame(request, campaign, "people"),
        **counts(campaign, campaign.audience),
    }
    return render(request, "campaigns/people.html", context)


@requires(Capability.EDIT_CONTENT)
def count_audience(request: HttpRequest, campaign_id: int) -> HttpResponse:
    """Answer the live count while the audience is chosen; nothing is stored."""
    campaign = found(campaign_id)
    form = AudienceForm(request.GET)
    audience = form.audience() if form.is_valid() else {}
    return render(
        request, "campaigns/_counts.html", {"campaign": campaign, **counts(campaign, audience)}
    )


@requires(Capability.EDIT_CONTENT)
def choose_type(request: HttpRequest, campaign_id: int) -> HttpResponse:
    """Take over the subscription type that fits the audience; the decision is on record."""
    campaign = found(campaign_id)
    offered = {str(pk): pk for pk, _name in subscription_types()}
    chosen = offered.get(request.POST.get("type", ""))
    if request.method == "POST" and chosen is not None:
        try:
            actions.change_envelope(
                campaign.pk,
                changes={"subscription_type_id": chosen},
                now=clock.now(),
                actor=actor_of(request),
            )
            messages.success(request, _("The subscription type is changed; the counts follow it."))
        except WrongStage:
            tell_moved_on(request)
    return redirect("campaigns:people", campaign.pk)


@requires(Capability.EDIT_CONTENT)
def left_out(request: HttpRequest, campaign_id: int) -> HttpResponse:
    """Show who would not get it, or would wait; the address holds the audience as counted."""
    campaign = found(campaign_id)
    form, reason = AudienceForm(request.GET), request.GET.get("reason", "")
    if reason not in REASONS or not form.is_valid():
        raise Http404
    try:
        people = queries.people_left_out(
            form.audience(),
            reason=reason,
            subscription_type_id=campaign.subscription_type_id,
            now=clock.now(),
            after=row_number(request.GET.get("after", "")) or 0,
            limit=PAGE + 1,
        )
    except WrongRule as wrong:
        raise Http404 from wrong
    asked = request.GET.copy()
    asked["after"] = str(people[PAGE - 1].pk) if len(people) > PAGE else ""
    context = {
        **frame(request, campaign, "people"),
        "title": REASONS[reason],
        "waits": reason in queries.WAITING,
        "people": people[:PAGE],
        "next": f"?{asked.urlencode()}" if asked["after"] else "",
    }
    return render(request, "campaigns/left_out.html", context)


def counts(campaign: Campaign, audience: Audience) -> dict[str, Any]:
    """Return how many will get it, the others by reason in words, and the fit of the type."""
    now, type_id = clock.now(), campaign.subscription_type_id
    try:
        counted = queries.audience_estimate(audience, subscription_type_id=type_id, now=now)
        fit = queries.type_fit(audience, subscription_type_id=type_id, now=now)
        waiting = queries.would_wait(audience, subscription_type_id=type_id, now=now)
    except WrongRule as wrong:
        return {
            "audience_problem": " ".join(map(said, wrong.problems)),
            "will_get_it": 0,
            "left_out": [],
            "left_out_count": 0,
        }
    will = counted.pop("", 0)
    reasons = sorted(counted.items(), key=lambda pair: -pair[1])
    type_names = dict(subscription_types())
    return {
        "will_get_it": will,
        "left_out": [(reason, REASONS.get(reason, reason), count) for reason, count in reasons],
        "left_out_count": sum(counted.values()),
        "behind": urlencode(AudienceForm.of(audience), doseq=True),
        "would_wait": [
            (reason, REASONS.get(reason, reason), count) for reason, count in waiting.items()
        ],
        "patience_hours": campaign.patience_hours,
        "fit": fit,
        "proposed_type": type_names.get(fit.proposed_type_id or 0) if fit else None,
    }
