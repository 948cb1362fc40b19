"""The tab 'Check': what was found, one-click fixes, and tests to oneself."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from sincerely.apps.campaigns import actions, queries
from sincerely.apps.campaigns.forms import TestForm
from sincerely.apps.campaigns.models import Campaign
from sincerely.apps.campaigns.rules.stages import WrongStage
from sincerely.apps.campaigns.views.shared import found, frame, tell_moved_on
from sincerely.apps.content.actions.fixes import NotFixable
from sincerely.apps.content.checks import check_content
from sincerely.apps.content.rules.findings import Finding
from sincerely.apps.content.views.checks import checks_context
from sincerely.apps.segments.rules import WrongRule
from sincerely.apps.sending import actions as sending
from sincerely.apps.sending.rules.no_reply import is_no_reply
from sincerely.apps.team.access import actor_of, requires
from sincerely.apps.team.rules import Capability, may
from sincerely.wire import clock


@requires(Capability.EDIT_CONTENT)
def check(request: HttpRequest, campaign_id: int) -> HttpResponse:
    """Show what was found and the form for a test."""
    campaign = found(campaign_id)
    return _page(request, campaign, TestForm())


def _page(request: HttpRequest, campaign: Campaign, form: TestForm) -> HttpResponse:
    findings = findings_of(campaign)
    back = reverse("campaigns:check", args=[campaign.pk])
    context = {
        **checks_context(campaign.content, findings, back=back),
        **frame(request, campaign, "check"),
        "test_form": form,
        "may_change_list": may(getattr(request.user, "role", ""), Capability.EDIT_SETTINGS),
        "is_off_topic": any(finding.fix == "relevance" for finding in findings),
    }
    return render(request, "campaigns/check.html", context, status=422 if form.errors else 200)


def findings_of(campaign: Campaign) -> list[Finding]:
    """Return what is worth knowing before the campaign leaves."""
    now = clock.now()
    try:
        audience = queries.audience_query(campaign.audience, now=now)
    except WrongRule:
        audience = None  # the tab 'People' says what is wrong with it
    return check_content(
        campaign.content,
        audience=audience,
        now=now,
        refuses_replies=is_no_reply(reply_address(campaign)),
    )


def reply_address(campaign: Campaign) -> str:
    """Return the address that answers go to."""
    sender = campaign.sender
    return campaign.reply_to or (sender.reply_to or sender.address if sender else "")


@requires(Capability.EDIT_CONTENT)
def people_like(request: HttpRequest) -> HttpResponse:
    """Offer the people whose name or address begins as typed, for the browser's own list."""
    people = queries.people_like(request.GET.get("as_contact", "")[:254].strip())
    return render(request, "campaigns/_people_like.html", {"people": people})


@require_POST
@requires(Capability.EDIT_CONTENT)
def exclude(request: HttpRequest, campaign_id: int) -> HttpResponse:
    """Leave out those whom the mail does not concern."""
    campaign = found(campaign_id)
    try:
        actions.exclude_irrelevant(campaign.pk, now=clock.now(), actor=actor_of(request))
    except NotFixable:
        messages.info(request, _("There was nothing to mend any more."))
    except WrongStage:
        tell_moved_on(request)
    else:
        messages.success(request, _("They are left out; a new segment holds them."))
    return redirect("campaigns:check", campaign.pk)


@require_POST
@requires(Capability.EDIT_CONTENT)
def send_test(request: HttpRequest, campaign_id: int) -> HttpResponse:
    """Send a test to members and saved addresses; it is never counted."""
    campaign = found(campaign_id)
    form = TestForm(request.POST)
    if form.is_valid() and not form.addresses():
        form.add_error("to", _("Choose somebody to send the test to."))
    if form.is_valid() and (campaign.sender_id is None or campaign.transport_id is None):
        form.add_error(None, _("Choose a sender and a transport first, under “Write”."))
    if not form.is_valid():
        return _page(request, campaign, form)
    outcomes = sending.send_test(
        campaign.content_id,
        sender_id=campaign.sender_id or 0,
        transport_id=campaign.transport_id or 0,
        addresses=form.addresses(),
        as_contact_id=form.cleaned_data["as_contact"],
        mailing_id=campaign.mailing_id,
        reply_to=campaign.reply_to,
        now=clock.now(),
        actor=actor_of(request),
    )
    for outcome in outcomes:
        words = {"address": outcome.address, "outcome": outcome.outcome}
        if outcome.is_accepted:
            messages.success(request, _("The test to %(address)s is on its way.") % words)
        else:
            messages.error(request, _("The test to %(address)s failed: %(outcome)s") % words)
    return redirect("campaigns:check", campaign.pk)
