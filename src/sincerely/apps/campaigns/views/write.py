"""The tabs 'Write' and 'Links & labels', and where a campaign opens."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from sincerely.apps.campaigns import actions
from sincerely.apps.campaigns.forms import EnvelopeForm
from sincerely.apps.campaigns.models import Campaign
from sincerely.apps.campaigns.rules.stages import WrongStage
from sincerely.apps.campaigns.views.check import reply_address
from sincerely.apps.campaigns.views.shared import found, frame
from sincerely.apps.content.actions.editing import EditConflict, save_draft
from sincerely.apps.content.compiler import CompileProblem
from sincerely.apps.content.queries.preview import Viewer, preview
from sincerely.apps.content.renderer import RenderProblem
from sincerely.apps.content.views.editor import editor_context
from sincerely.apps.content.views.links import links_context
from sincerely.apps.sending.rules.no_reply import is_no_reply
from sincerely.apps.team.access import actor_of, member_of, requires
from sincerely.apps.team.rules import Capability, may
from sincerely.wire import clock


@requires(Capability.VIEW)
def show(request: HttpRequest, campaign_id: int) -> HttpResponse:
    """Open a campaign where its story is for this member: writing, sending, or what came of it."""
    campaign = found(campaign_id)
    if campaign.launched_at is None:
        return redirect("campaigns:write", campaign.pk)
    steers = may(member_of(request).role, Capability.SEND)
    return redirect("campaigns:send" if steers else "campaigns:result", campaign.pk)


@requires(Capability.VIEW)
def write(request: HttpRequest, campaign_id: int) -> HttpResponse:
    """Write the mail: the editor, with the envelope beside it. Who may not write, reads."""
    campaign = found(campaign_id)
    form = EnvelopeForm(initial=EnvelopeForm.of(campaign))
    return _page(request, campaign, form)


@requires(Capability.EDIT_CONTENT)
def envelope(request: HttpRequest, campaign_id: int) -> HttpResponse:
    """Store the envelope; what the editor holds is stored by the editor."""
    campaign = found(campaign_id)
    form = EnvelopeForm(request.POST or None, initial=EnvelopeForm.of(campaign))
    if request.method != "POST" or not form.is_valid():
        return _page(request, campaign, form)
    now, actor = clock.now(), actor_of(request)
    try:
        save_draft(  # first: it refuses where the campaign was launched meanwhile
            campaign.content_id,
            base_revision=campaign.content.revision,
            changes=form.words(),
            now=now,
            actor=actor,
        )
        actions.change_envelope(campaign.pk, changes=form.envelope(), now=now, actor=actor)
    except (WrongStage, EditConflict):
        messages.error(
            request, _("Somebody changed the campaign in the meantime; nothing was overwritten.")
        )
    else:
        messages.success(request, _("The envelope is saved."))
    return redirect("campaigns:write", campaign.pk)


def _page(request: HttpRequest, campaign: Campaign, form: EnvelopeForm) -> HttpResponse:
    context = {"form": form, **frame(request, campaign, "write")}
    if context["is_draft"] and context["may_edit"]:
        context |= editor_context(campaign.content)
        context["refuses_replies"] = is_no_reply(reply_address(campaign))
    return render(request, "campaigns/write.html", context)


@requires(Capability.VIEW)
def inbox(request: HttpRequest, campaign_id: int) -> HttpResponse:
    """Answer the line that an inbox shows before the mail is opened."""
    campaign = found(campaign_id)
    try:
        seen = preview(campaign.content, Viewer.read(""), now=clock.now()).rendered
    except (CompileProblem, RenderProblem):
        seen = None
    return render(request, "campaigns/_inbox.html", {"campaign": campaign, "seen": seen})


@requires(Capability.VIEW)
def links(request: HttpRequest, campaign_id: int) -> HttpResponse:
    """List the links of the mail with their labels."""
    campaign = found(campaign_id)
    context = {**links_context(campaign.content), **frame(request, campaign, "links")}
    context["is_read_only"] = not (context["is_draft"] and context["may_edit"])
    return render(request, "campaigns/links.html", context | {"back": request.path})


@requires(Capability.VIEW_REPORTS)
def result(request: HttpRequest, campaign_id: int) -> HttpResponse:
    """Go to the report, which lives higher up."""
    return redirect("reports:campaign", found(campaign_id).pk)
