"""A campaign: one mailing to an audience, by hand or by schedule."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from sincerely.apps.consent.models import SubscriptionType
from sincerely.apps.content.models import Content
from sincerely.apps.engagement.models import Mailing
from sincerely.apps.sending.models import SenderIdentity, Transport


class Stage(models.TextChoices):
    """Where a campaign is; 'sent' is shown when no message is without a terminal state."""

    DRAFT = "draft", _("draft")
    SCHEDULED = "scheduled", _("scheduled")
    LAUNCHED = "launched", _("on its way")
    PAUSED = "paused", _("paused")
    CANCELLED = "cancelled", _("cancelled")


class Campaign(models.Model):
    """The envelope, the audience and the schedule around one content.

    `audience` is {"include": [source …], "exclude": [source …]} with sources such as {"list": 3},
    {"segment": 7}, {"label": 2}, {"everyone": true}; rules/audience.py turns it into a rule tree.
    Mail that a cap or quiet hours hold back waits for `patience_hours` after it was due; where a
    cap has room for one of two campaigns, the one of the higher `priority` goes.
    """

    name = models.CharField(max_length=200)
    mailing = models.OneToOneField(Mailing, on_delete=models.PROTECT)
    content = models.OneToOneField(Content, on_delete=models.PROTECT)
    sender = models.ForeignKey(SenderIdentity, null=True, on_delete=models.PROTECT)
    transport = models.ForeignKey(Transport, null=True, on_delete=models.PROTECT)
    reply_to = models.EmailField(blank=True)
    subscription_type = models.ForeignKey(SubscriptionType, null=True, on_delete=models.PROTECT)
    audience = models.JSONField(default=dict)
    utm = models.JSONField(default=dict)
    stage = models.CharField(max_length=10, choices=Stage.choices, default=Stage.DRAFT)
    schedule = models.CharField(max_length=10, default="now")
    scheduled_at = models.DateTimeField(null=True)
    schedule_zone = models.CharField(max_length=60, blank=True)
    local_time = models.TimeField(null=True)
    local_on = models.DateField(null=True)
    launch_after = models.DateTimeField(null=True)
    launched_at = models.DateTimeField(null=True)
    per_hour = models.PositiveIntegerField(null=True)
    patience_hours = models.PositiveSmallIntegerField(default=72)
    priority = models.SmallIntegerField(default=0)
    overrides = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    archived_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.name
