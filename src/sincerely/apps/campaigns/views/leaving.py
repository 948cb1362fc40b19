"""When a campaign leaves, in words that name their clock."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from sincerely.apps.campaigns.models import Campaign, Stage


def leaves(campaign: Campaign) -> str:
    """Return when a campaign leaves or left, in words; '' while nobody has said when."""
    if campaign.stage == Stage.DRAFT:
        return ""
    if campaign.schedule == "local" and campaign.local_on and campaign.local_time:
        when = datetime.combine(campaign.local_on, campaign.local_time)
        return _("%(when)s on each contact's own clock") % {
            "when": date_format(when, "DATETIME_FORMAT")
        }
    if campaign.launched_at is not None:
        return _moment(campaign.launched_at, "")
    if campaign.launch_after is None:
        return ""
    named = campaign.schedule_zone if campaign.schedule == "at" else ""
    return _moment(campaign.launch_after, named)


def first_leaves(campaign: Campaign) -> str:
    """Return when the first mail leaves, on the clock of the reader, where `leaves` names another.

    On their own clocks the first contacts are those furthest to the east.
    """
    at = campaign.launch_after
    if at is None or campaign.schedule == "now":
        return ""
    reader = timezone.get_current_timezone_name()
    if campaign.schedule == "at" and campaign.schedule_zone in ("", reader):
        return ""
    return _moment(at, reader)


def _moment(at: datetime, zone: str) -> str:
    shown = at.astimezone(ZoneInfo(zone)) if zone else timezone.localtime(at)
    words = date_format(shown, "DATETIME_FORMAT")
    return f"{words} ({zone.replace('_', ' ')})" if zone else words
