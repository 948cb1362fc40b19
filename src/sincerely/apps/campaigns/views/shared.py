"""What the campaign pages share: finding the campaign, the tabs that stay."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from sincerely.apps.campaigns import queries
from sincerely.apps.campaigns.models import Campaign, Stage
from sincerely.apps.sending.queries import is_finished
from sincerely.apps.team.access import member_of
from sincerely.apps.team.rules import Capability, may

# Each page is guarded by the capability that stands beside it: who may not open it sees no tab.
TABS: tuple[tuple[str, str | Promise, Capability], ...] = (
    ("write", _("Write"), Capability.VIEW),
    ("links", _("Links & labels"), Capability.VIEW),
    ("people", _("People"), Capability.EDIT_CONTENT),
    ("check", _("Check"), Capability.EDIT_CONTENT),
    ("send", _("Send"), Capability.SEND),
    ("result", _("Result"), Capability.VIEW_REPORTS),
)


@dataclass(frozen=True, slots=True)
class Tab:
    """One tab of a campaign."""

    name: str
    label: str | Promise
    href: str
    is_current: bool


def found(campaign_id: int) -> Campaign:
    """Return the campaign or answer 404."""
    campaign = queries.campaign(campaign_id)
    if campaign is None:
        raise Http404
    return campaign


def frame(request: HttpRequest, campaign: Campaign, current: str) -> dict[str, Any]:
    """Return what every page of a campaign shows: itself, its state, the tabs of this member."""
    role = member_of(request).role
    has_left = campaign.launched_at is not None
    tabs = [
        Tab(name, label, reverse(f"campaigns:{name}", args=[campaign.pk]), name == current)
        for name, label, capability in TABS
        if may(role, capability) and (name != "result" or has_left)
    ]
    places = [tab.is_current for tab in tabs]
    place = places.index(True) + 1 if True in places else len(tabs)
    is_draft = campaign.stage == Stage.DRAFT
    return {
        "campaign": campaign,
        "tabs": tabs,
        "next_tab": tabs[place] if is_draft and place < len(tabs) else None,
        "state": shown_state(campaign),
        "is_draft": is_draft,
        "may_edit": may(role, Capability.EDIT_CONTENT),
    }


def tell_moved_on(request: HttpRequest) -> None:
    """Say that a change was not made: somebody launched, stopped or archived the campaign."""
    messages.error(
        request, _("The campaign has moved on in the meantime; nothing of this was saved.")
    )


def shown_state(campaign: Campaign) -> str:
    """Return the state word: 'sent' is asked of the outbox, never stored."""
    if campaign.stage == Stage.LAUNCHED:
        return "sent" if is_finished(campaign.mailing_id) else "sending"
    return campaign.stage
