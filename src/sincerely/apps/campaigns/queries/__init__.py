"""Reads of campaigns; the only road from a request to a campaign."""

from sincerely.apps.campaigns.queries.audience import (
    EXCLUDED,
    WAITING,
    audience_estimate,
    audience_names,
    audience_query,
    people_left_out,
    sources,
    type_fit,
    would_wait,
)
from sincerely.apps.campaigns.queries.campaigns import (
    campaign,
    campaign_of_mailing,
    campaigns_page,
    default_choices,
    due_campaign,
    half_cancelled,
    time_zones,
    unplanned_campaigns,
)
from sincerely.apps.campaigns.queries.choices import people_like
from sincerely.apps.campaigns.queries.readiness import readiness

__all__ = [
    "EXCLUDED",
    "WAITING",
    "audience_estimate",
    "audience_names",
    "audience_query",
    "campaign",
    "campaign_of_mailing",
    "campaigns_page",
    "default_choices",
    "due_campaign",
    "half_cancelled",
    "people_left_out",
    "people_like",
    "readiness",
    "sources",
    "time_zones",
    "type_fit",
    "unplanned_campaigns",
    "would_wait",
]
