"""Everything that decides whether a campaign may be launched, read at one moment."""

from __future__ import annotations

from datetime import datetime

from sincerely.apps.campaigns.models import Campaign
from sincerely.apps.campaigns.queries.audience import audience_estimate
from sincerely.apps.campaigns.queries.campaigns import PARTS
from sincerely.apps.campaigns.rules.audience import is_empty
from sincerely.apps.campaigns.rules.stages import Readiness
from sincerely.apps.content.checks import walls_of
from sincerely.apps.segments.forms import said
from sincerely.apps.segments.rules import WrongRule
from sincerely.apps.sending.queries.readiness import launch_locks


def readiness(campaign_id: int, *, now: datetime) -> Readiness:
    """Return the facts; raises Campaign.DoesNotExist."""
    campaign = Campaign.objects.select_related(*PARTS).get(pk=campaign_id)
    findings = walls_of(campaign.content)
    changed = tuple(wall.place for wall in findings if wall.code == "links_changed")
    will_get_it, problems = _audience(campaign, now)
    return Readiness(
        has_sender=campaign.sender_id is not None and campaign.transport_id is not None,
        has_type=campaign.subscription_type_id is not None,
        has_audience=not is_empty(campaign.audience),
        links_are_reviewed=not changed,
        changed_links=changed,
        wall_messages=tuple(wall.message for wall in findings if wall.code != "links_changed"),
        transport_problems=tuple(map(str, launch_locks(campaign.sender_id, campaign.transport_id))),
        audience_problems=problems,
        will_get_it=will_get_it,
        revision=campaign.content.revision,
    )


def _audience(campaign: Campaign, now: datetime) -> tuple[int, tuple[str, ...]]:
    try:
        counted = audience_estimate(
            campaign.audience, subscription_type_id=campaign.subscription_type_id, now=now
        )
    except WrongRule as wrong:
        return 0, tuple(map(said, wrong.problems))
    return counted.get("", 0), ()
