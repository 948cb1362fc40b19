"""Everything that decides whether a campaign may be launched, read at one moment."""

from __future__ import annotations

from datetime import datetime

from sincerely.apps.campaigns.models import Campaign
from sincerely.apps.campaigns.queries.audience import audience_estimate
from sincerely.apps.campaigns.rules.audience import is_empty
from sincerely.apps.campaigns.rules.stages import Readiness
from sincerely.apps.segments.rules import WrongRule


def readiness(campaign_id: int, *, now: datetime) -> Readiness:
    """Return the facts; raises Campaign.DoesNotExist."""
    campaign = Campaign.objects.select_related("content", "transport", "sender").get(pk=campaign_id)
    problems: tuple[str, ...] = ()
    will_get_it = 0
    try:
        counted = audience_estimate(
            campaign.audience, subscription_type_id=campaign.subscription_type_id, now=now
        )
        will_get_it = counted.get("", 0)
    except WrongRule as wrong:
        problems = (str(wrong),)
    return Readiness(
        has_sender=campaign.sender_id is not None and campaign.transport_id is not None,
        has_type=campaign.subscription_type_id is not None,
        has_audience=not is_empty(campaign.audience),
        links_are_reviewed=True,
        audience_problems=problems,
        will_get_it=will_get_it,
    )
