"""Campaigns as rows: one, a page of them, and those on which the runner has to work."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import available_timezones

from sincerely.apps.campaigns.models import Campaign, Stage
from sincerely.apps.consent.models import SubscriptionType
from sincerely.apps.contacts.models import Contact
from sincerely.apps.sending.models import Message, SenderIdentity, State, Transport
from sincerely.apps.team.queries import organisation

PARTS = ("mailing", "content__brand", "sender", "transport", "subscription_type")


def campaign(campaign_id: int) -> Campaign | None:
    """Return one campaign with what its pages need, or None."""
    return Campaign.objects.select_related(*PARTS).filter(pk=campaign_id).first()


def campaign_of_mailing(mailing_id: int) -> Campaign | None:
    """Return the campaign that a mailing belongs to, or None."""
    return Campaign.objects.select_related(*PARTS).filter(mailing_id=mailing_id).first()


def campaigns_page(
    *, before_id: int | None = None, limit: int = 50, words: str = "", stage: str = ""
) -> list[Campaign]:
    """Return campaigns that are not archived, newest first, below an id."""
    rows = Campaign.objects.select_related("mailing", "subscription_type").filter(archived_at=None)
    if before_id is not None:
        rows = rows.filter(pk__lt=before_id)
    if words:
        rows = rows.filter(name__icontains=words)
    if stage:
        rows = rows.filter(stage=stage)
    return list(rows.order_by("-pk")[:limit])


def default_choices(brand_id: int) -> dict[str, Any]:
    """Return the sender, transport and subscription type that a new campaign starts with."""
    senders = SenderIdentity.objects.filter(archived_at=None, brand_id=brand_id)
    transports = Transport.objects.filter(archived_at=None)
    kind = SubscriptionType.objects.filter(is_default=True).first()
    sender = senders.order_by("-is_default", "pk").first()
    transport = transports.order_by("-is_default", "pk").first()
    return {
        "sender_id": sender.pk if sender else None,
        "transport_id": transport.pk if transport else None,
        "subscription_type_id": kind.pk if kind else None,
    }


def due_campaign(now: datetime) -> int | None:
    """Return the id of a scheduled campaign whose time has come, the earliest first."""
    due = Campaign.objects.filter(stage=Stage.SCHEDULED, launch_after__lte=now)
    return due.order_by("launch_after", "pk").values_list("pk", flat=True).first()


def unplanned_campaigns() -> list[Campaign]:
    """Return the campaigns whose audience has not been planned to its end."""
    launched = Campaign.objects.filter(stage__in=[Stage.LAUNCHED, Stage.PAUSED])
    return list(launched.filter(mailing__dispatch__is_planned=False).order_by("pk"))


def half_cancelled() -> list[Campaign]:
    """Return cancelled campaigns of which messages still wait: a crash came between."""
    waiting = Message.objects.filter(state__in=[State.PLANNED, State.DEFERRED]).values("mailing_id")
    return list(Campaign.objects.filter(stage=Stage.CANCELLED, mailing_id__in=waiting))


def time_zones() -> dict[str, str]:
    """Return each time zone as contacts carry it with the real zone; unknown ones are ours."""
    ours = organisation()
    fallback = ours.time_zone if ours else "UTC"
    known = available_timezones()
    stored = Contact.objects.order_by().values_list("time_zone", flat=True).distinct()
    return {zone: zone if zone in known else fallback for zone in stored}
