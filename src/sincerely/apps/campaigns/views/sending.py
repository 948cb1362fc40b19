"""The tab 'Send': when, what to know before the button, and the switches afterwards."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from sincerely.apps.campaigns import actions, queries
from sincerely.apps.campaigns.actions.launch import NotReady
from sincerely.apps.campaigns.forms import ScheduleForm
from sincerely.apps.campaigns.models import Campaign, Stage
from sincerely.apps.campaigns.rules.schedule import TooFar, WrongSchedule
from sincerely.apps.campaigns.rules.stages import WrongStage, walls
from sincerely.apps.campaigns.rules.stages import may as may_do
from sincerely.apps.campaigns.views.audience import counts
from sincerely.apps.campaigns.views.leaving import leaves
from sincerely.apps.campaigns.views.progress import moving
from sincerely.apps.campaigns.views.shared import found, frame
from sincerely.apps.campaigns.views.wording import wall_words
from sincerely.apps.content.actions.editing import EditConflict
from sincerely.apps.sending import actions as sending
from sincerely.apps.sending.queries import holds, holds_of, tally, undecided_count
from sincerely.apps.team.access import actor_of, member_of, requires
from sincerely.apps.team.numbers import grouped
from sincerely.apps.team.queries import organisation
from sincerely.apps.team.rules import Capability
from sincerely.apps.team.typed import asked_for, is_number
from sincerely.wire import clock


@requires(Capability.SEND)
def send(request: HttpRequest, campaign_id: int) -> HttpResponse:
    """Choose when and press the button; or steer what is on its way."""
    campaign = found(campaign_id)
    if campaign.stage != Stage.DRAFT:
        return render(request, "campaigns/on_its_way.html", moving(request, campaign))
    ours = organisation()
    zone = member_of(request).time_zone or (ours.time_zone if ours else "UTC")
    form = ScheduleForm(request.POST or None, initial={"zone": zone})
    facts = queries.readiness(campaign.pk, now=clock.now())
    is_sent_in = request.method == "POST" and form.is_valid()
    if is_sent_in and _launched(request, campaign, form, will_get_it=facts.will_get_it):
        return redirect("campaigns:send", campaign.pk)
    found_walls = [wall_words(wall, campaign) for wall in walls(facts)]
    return render(
        request,
        "campaigns/send.html",
        {
            "form": form,
            "walls": found_walls,
            "must_type": asked_for(facts.will_get_it),
            "holds": holds_of(campaign.mailing_id),
            **frame(request, campaign, "send"),
            **counts(campaign, campaign.audience),
        },
    )


def _launched(
    request: HttpRequest, campaign: Campaign, form: ScheduleForm, *, will_get_it: int
) -> bool:
    """Launch if nothing speaks against it; otherwise the form says why not."""
    if asked_for(will_get_it) and not is_number(form.cleaned_data["typed"], will_get_it):
        form.add_error("typed", _("Type the number of people to confirm. Nothing has been sent."))
        return False
    try:
        launched = actions.launch_campaign(
            campaign.pk,
            schedule=form.schedule(),
            zone=form.cleaned_data["zone"],
            now=clock.now(),
            actor=actor_of(request),
        )
    except WrongStage:
        messages.info(request, _("Somebody else has just launched this campaign."))
        return True
    except (WrongSchedule, EditConflict, NotReady) as refusal:
        form.add_error("on" if isinstance(refusal, WrongSchedule) else None, _why_not(refusal))
        return False
    messages.success(request, _launch_words(launched))
    return True


def _why_not(refusal: Exception) -> str:
    if isinstance(refusal, TooFar):
        return _("Choose a nearer day.")
    if isinstance(refusal, WrongSchedule):
        return _("This time is past. Choose a later one, or send now.")
    if isinstance(refusal, EditConflict):
        return _("Somebody changed the mail at this moment. Look at it again. Nothing was sent.")
    return _("Something still stands in the way; see above. Nothing was sent.")


def _launch_words(campaign: Campaign) -> str:
    if campaign.schedule == "now":
        return _("The campaign is on its way. You can still stop it for a minute.")
    return _("It is scheduled: %(when)s. Until then you can stop it.") % {"when": leaves(campaign)}


Steer = Callable[..., object]
STEERING: dict[str, Steer] = {
    "stop": actions.stop_launch,
    "pause": actions.pause_campaign,
    "resume": actions.resume_campaign,
    "cancel": actions.cancel_campaign,
}


@require_POST
@requires(Capability.SEND)
def steer(request: HttpRequest, campaign_id: int, act: str) -> HttpResponse:
    """Stop, pause, resume or cancel."""
    campaign = found(campaign_id)
    done = {
        "stop": _("Stopped in time. Nothing has been sent; the campaign is a draft again."),
        "pause": _("Paused. Nobody who has not got it yet will get it until you resume."),
        "resume": _("It goes on where it stopped."),
        "cancel": _("Cancelled. Those who had not got it yet will not get it."),
    }
    try:
        STEERING[act](campaign.pk, now=clock.now(), actor=actor_of(request))
    except WrongStage:
        messages.error(request, _("The campaign has moved on in the meantime; look again."))
    else:
        messages.success(request, done[act])
    return redirect("campaigns:send", campaign.pk)


@requires(Capability.SEND)
def ask_to_cancel(request: HttpRequest, campaign_id: int) -> HttpResponse:
    """Ask before the rest of a campaign is cancelled: there is no way back from it."""
    campaign = found(campaign_id)
    if not may_do(campaign.stage, "cancel"):
        return redirect("campaigns:send", campaign.pk)
    context = {**frame(request, campaign, "send"), "tally": tally(campaign.mailing_id)}
    return render(request, "campaigns/cancel.html", context)


@require_POST
@requires(Capability.SEND)
def release(request: HttpRequest, campaign_id: int, hold_id: int) -> HttpResponse:
    """Let a mailing go that was held, knowing why it was."""
    campaign = found(campaign_id)
    known = {hold.pk for hold in holds_of(campaign.mailing_id)}
    if hold_id in known & {hold.pk for hold in holds()}:
        sending.lift_hold(hold_id, now=clock.now(), actor=actor_of(request))
        messages.success(request, _("Released. It goes on where it stopped."))
    return redirect("campaigns:send", campaign.pk)


@requires(Capability.SEND)
def ask_to_repeat(request: HttpRequest, campaign_id: int) -> HttpResponse:
    """Ask before unknown mail is sent again: some of it may have arrived."""
    campaign = found(campaign_id)
    count = undecided_count(campaign.mailing_id)
    if not count:
        return redirect("campaigns:send", campaign.pk)
    context = {**frame(request, campaign, "send"), "undecided_count": count}
    return render(request, "campaigns/repeat.html", context)


@require_POST
@requires(Capability.SEND)
def settle_unknown(request: HttpRequest, campaign_id: int, choice: str) -> HttpResponse:
    """Repeat or leave the messages of which nobody can know whether they arrived."""
    campaign = found(campaign_id)
    if choice == "repeat":
        count = sending.repeat_unknown(
            campaign.mailing_id, now=clock.now(), actor=actor_of(request)
        )
        messages.success(request, _("%(count)s will be sent again.") % {"count": grouped(count)})
    else:
        sending.leave_unknown(campaign.mailing_id, now=clock.now(), actor=actor_of(request))
        messages.success(request, _("They are left as they are, and stay listed as unknown."))
    return redirect("campaigns:send", campaign.pk)
