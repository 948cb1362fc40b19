"""Writes of campaigns: composing, launching, and what is done on the way."""

from sincerely.apps.campaigns.actions.compose import (
    archive_campaign,
    change_envelope,
    create_campaign,
    duplicate_campaign,
    set_audience,
)
from sincerely.apps.campaigns.actions.launch import (
    begin_mailing,
    cancel_campaign,
    end_cancelled,
    launch_campaign,
    pause_campaign,
    plan_campaign,
    resume_campaign,
    stop_launch,
)
from sincerely.apps.campaigns.actions.relevance import exclude_irrelevant

__all__ = [
    "archive_campaign",
    "begin_mailing",
    "cancel_campaign",
    "change_envelope",
    "create_campaign",
    "duplicate_campaign",
    "end_cancelled",
    "exclude_irrelevant",
    "launch_campaign",
    "pause_campaign",
    "plan_campaign",
    "resume_campaign",
    "set_audience",
    "stop_launch",
]
