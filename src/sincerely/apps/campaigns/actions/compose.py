"""Composing a campaign: envelope, audience and copies. The launch decides what leaves."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from sincerely.apps.campaigns.models import Campaign, Stage
from sincerely.apps.campaigns.queries import default_choices
from sincerely.apps.campaigns.rules import audience as audiences
from sincerely.apps.campaigns.rules.stages import WrongStage, may
from sincerely.apps.content.actions.copying import copy_content
from sincerely.apps.content.models import Content
from sincerely.apps.engagement.actions import register_mailing
from sincerely.apps.engagement.models import Mailing, MailingTag
from sincerely.apps.team.actions import audit
from sincerely.apps.team.rules import Actor

ENVELOPE = (
    "name",
    "sender_id",
    "transport_id",
    "reply_to",
    "subscription_type_id",
    "utm",
    "per_hour",
    "patience_hours",
    "priority",
)


def create_campaign(name: str, *, content_id: int, now: datetime, actor: Actor) -> Campaign:
    """Store a draft campaign around a content; sender, transport and type are the defaults."""
    with transaction.atomic():
        chosen = default_choices(Content.objects.get(pk=content_id).brand_id)
        mailing = register_mailing(
            name,
            tag=MailingTag.CAMPAIGN,
            now=now,
            subscription_type_id=chosen["subscription_type_id"],
        )
        campaign = Campaign.objects.create(
            name=name.strip()[:200],
            mailing=mailing,
            content_id=content_id,
            audience={"include": [], "exclude": []},
            utm={"source": "newsletter", "medium": "email", "campaign": name.strip()[:80]},
            created_at=now,
            changed_at=now,
            **chosen,
        )
        audit(actor, "campaign.created", now=now, subject=campaign)
    return campaign


def locked(campaign_id: int, act: str) -> Campaign:
    """Return the campaign, locked for this transaction; WrongStage if `act` is not possible now."""
    campaign = Campaign.objects.select_for_update().get(pk=campaign_id)
    if not may(campaign.stage, act):
        raise WrongStage(f"A campaign that is {campaign.stage} cannot be changed in this way.")
    return campaign


def change_envelope(
    campaign_id: int, *, changes: dict[str, Any], now: datetime, actor: Actor
) -> Campaign:
    """Change name, sender, transport, reply address, type, UTM tags, pace and such of a draft."""
    foreign = set(changes) - set(ENVELOPE)
    if foreign:
        raise ValueError(f"These are not on the envelope: {sorted(foreign)}")
    with transaction.atomic():
        campaign = locked(campaign_id, "edit")
        for name, value in changes.items():
            setattr(campaign, name, value)
        campaign.changed_at = now
        campaign.save(update_fields=[*(n.removesuffix("_id") for n in changes), "changed_at"])
        Mailing.objects.filter(pk=campaign.mailing_id).update(
            name=campaign.name, subscription_type_id=campaign.subscription_type_id
        )
        audit(
            actor, "campaign.changed", now=now, subject=campaign, detail={"fields": sorted(changes)}
        )
    return campaign


def set_audience(campaign_id: int, *, audience: object, now: datetime, actor: Actor) -> Campaign:
    """Choose who gets a draft; raises WrongAudience."""
    checked = audiences.check(audience)
    with transaction.atomic():
        campaign = locked(campaign_id, "edit")
        campaign.audience, campaign.changed_at = checked, now
        campaign.save(update_fields=["audience", "changed_at"])
        audit(actor, "campaign.audience", now=now, subject=campaign, detail=checked)
    return campaign


def duplicate_campaign(campaign_id: int, *, name: str, now: datetime, actor: Actor) -> Campaign:
    """Store a draft with a copy of the content, envelope and audience; nothing of its past."""
    source = Campaign.objects.get(pk=campaign_id)
    with transaction.atomic():
        content = copy_content(source.content_id, name=name, now=now)
        copy = create_campaign(name, content_id=content.pk, now=now, actor=actor)
        for field in (*ENVELOPE[1:], "audience"):
            setattr(copy, field, getattr(source, field))
        copy.save()
    return copy


def archive_campaign(campaign_id: int, *, now: datetime, actor: Actor) -> None:
    """Take a draft or cancelled campaign out of the list; its past stays."""
    with transaction.atomic():
        campaign = locked(campaign_id, "archive")
        campaign.archived_at = now
        campaign.save(update_fields=["archived_at"])
        audit(actor, "campaign.archived", now=now, subject=campaign)


def is_draft(campaign: Campaign) -> bool:
    """Say whether the campaign can still be written."""
    return campaign.stage == Stage.DRAFT
