"""Mailings and their links, raw signals, verdicts, events and rollups.

Signals are stored as they came and kept. A verdict is a row of its own; a changed verdict is a new
row with a higher `round`. Rollups hold counts per day or totals, never decayed numbers, so that
they equal a rebuild from the rows below them.

Foreign keys that begin a longer index have none of their own: each index costs on every fold.
"""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from sincerely.apps.contacts.models import Contact
from sincerely.apps.labels.models import Label
from sincerely.wire.sqlite.rows import RowNumber, RowOfOther


class MailingTag(models.TextChoices):
    """How a mailing is sent: reports split by it."""

    CAMPAIGN = "campaign", _("campaign")
    AUTOMATED = "automated", _("automated")
    TRANSACTIONAL = "transactional", _("transactional")


class Mailing(models.Model):
    """What a message belongs to: a campaign or a workflow's send step."""

    tag = models.CharField(max_length=14, choices=MailingTag.choices)
    name = models.CharField(max_length=200)
    subscription_type_id = models.BigIntegerField(null=True)
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.name


class LinkRole(models.TextChoices):
    """What a link is for; only content links and calls to action count as clicked."""

    CONTENT = "content", _("content")
    ACTION = "action", _("call to action")
    CONFIRM = "confirm", _("confirm")
    UNSUBSCRIBE = "unsubscribe", _("unsubscribe")
    PREFERENCES = "preferences", _("preferences")
    LEGAL = "legal", _("legal")
    VIEW = "view", _("view in browser")


class Link(models.Model):
    """One target in a mailing; the tracker looks it up by mailing and number."""

    mailing = models.ForeignKey(Mailing, on_delete=models.CASCADE, db_index=False)
    number = models.PositiveSmallIntegerField()
    url = models.TextField()
    text = models.CharField(max_length=300, blank=True)
    role = models.CharField(max_length=12, choices=LinkRole.choices, default=LinkRole.CONTENT)
    label = models.ForeignKey(Label, null=True, on_delete=models.SET_NULL)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["mailing", "number"], name="one_link_per_number")
        ]


class SignalKind(models.TextChoices):
    """What the tracker or another source saw."""

    OPEN = "open", pgettext_lazy("signal", "open")
    CLICK = "click", _("click")
    UNSUBSCRIBE = "unsubscribe", _("one-click unsubscribe")


class Verdict(models.TextChoices):
    """Who stood behind a signal."""

    HUMAN = "human", _("human")
    UNDECIDED = "undecided", _("undecided")
    MACHINE = "machine", _("machine")


class Signal(models.Model):
    """A raw open or click as it was captured, now with its message resolved; ids are the store's.

    Contact and message are looked up together: one index serves the verdict and an erasure.
    """

    capture_id = RowNumber(primary_key=True)
    kind = models.CharField(max_length=12, choices=SignalKind.choices)
    at = models.DateTimeField()
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, db_index=False)
    mailing = models.ForeignKey(Mailing, on_delete=models.CASCADE, db_index=False)
    message_id = models.BigIntegerField()
    link = models.ForeignKey(Link, null=True, on_delete=models.SET_NULL, db_index=False)
    ip = models.GenericIPAddressField(null=True)
    user_agent = models.CharField(max_length=400, blank=True)
    method = models.CharField(max_length=8, default="GET")
    headers = models.JSONField(default=dict)
    is_simulated = models.BooleanField(default=False)

    class Meta:
        indexes = [
            models.Index(fields=["contact", "message_id"], name="signal_contact_message"),
            models.Index(
                fields=["link"], name="signal_link", condition=models.Q(link__isnull=False)
            ),
        ]


class SignalVerdict(models.Model):
    """One judgement of a signal: round 1 at hit time, 2 after 90 s, 3 after 24 h, then re-runs."""

    signal = models.ForeignKey(Signal, on_delete=models.CASCADE, db_index=False)
    round = models.PositiveSmallIntegerField()
    verdict = models.CharField(max_length=10, choices=Verdict.choices)
    machine_probability = models.FloatField()
    reasons = models.JSONField(default=list)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["signal", "round"], name="one_verdict_per_round")
        ]


class EventKind(models.TextChoices):
    """Something that happened with a contact."""

    SENT = "sent", _("sent")
    DELIVERED = "delivered", _("delivered")
    BOUNCED = "bounced", _("bounced")
    OPENED = "opened", _("opened")
    CLICKED = "clicked", _("clicked")
    REPLIED = "replied", _("replied")
    FORWARDED = "forwarded", _("forwarded")
    UNSUBSCRIBED = "unsubscribed", _("unsubscribed")
    COMPLAINED = "complained", _("complained")
    CONFIRMED = "confirmed", _("confirmed")


class Event(models.Model):
    """An engagement event; opens and clicks carry the current verdict of their signal.

    Events stay when retention deletes the raw signals: rollups can be made anew from them for ever.
    """

    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, db_index=False)
    kind = models.CharField(max_length=12, choices=EventKind.choices)
    at = models.DateTimeField()
    mailing = models.ForeignKey(Mailing, null=True, on_delete=models.CASCADE, db_index=False)
    message_id = models.BigIntegerField(null=True)
    link = models.ForeignKey(Link, null=True, on_delete=models.SET_NULL, db_index=False)
    signal = models.ForeignKey(Signal, null=True, on_delete=models.SET_NULL, db_index=False)
    verdict = models.CharField(max_length=10, choices=Verdict.choices, default=Verdict.HUMAN)
    machine_probability = models.FloatField(default=0.0)
    is_simulated = models.BooleanField(default=False)
    detail = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["signal"],
                condition=models.Q(signal__isnull=False),
                name="one_event_per_signal",
            )
        ]
        indexes = [
            models.Index(
                fields=["link"], name="event_link", condition=models.Q(link__isnull=False)
            ),
            models.Index(fields=["contact", "at"], name="event_contact_at"),
            models.Index(fields=["mailing", "kind", "contact"], name="event_mailing_kind"),
            models.Index(fields=["kind", "at", "contact"], name="event_kind_at"),
        ]


class ContactEngagement(models.Model):
    """Rollup per contact; human signals only. Imported history counts in every rule."""

    contact = RowOfOther(Contact, primary_key=True, on_delete=models.CASCADE)
    last_sent_at = models.DateTimeField(null=True)
    last_open_at = models.DateTimeField(null=True)
    last_click_at = models.DateTimeField(null=True)
    last_reply_at = models.DateTimeField(null=True)
    last_machine_open_at = models.DateTimeField(null=True)
    sent_count = models.PositiveIntegerField(default=0)
    delivered_count = models.PositiveIntegerField(default=0)
    open_count = models.PositiveIntegerField(default=0)
    click_count = models.PositiveIntegerField(default=0)
    sent_since_engaged_count = models.PositiveIntegerField(default=0)
    imported_sent_at = models.DateTimeField(null=True)
    imported_open_at = models.DateTimeField(null=True)
    imported_click_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            # With the contact, so that a span of time is read from the index alone.
            models.Index(fields=["last_sent_at", "contact"], name="rollup_sent"),
            models.Index(fields=["last_open_at", "contact"], name="rollup_open"),
            models.Index(fields=["last_click_at", "contact"], name="rollup_click"),
        ]


class Delivery(models.Model):
    """Rollup per mailing and contact: what was sent, what came back, by verdict."""

    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, db_index=False)
    mailing = models.ForeignKey(Mailing, on_delete=models.CASCADE, db_index=False)
    message_id = models.BigIntegerField()
    sent_at = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True)
    bounced_at = models.DateTimeField(null=True)
    unsubscribed_at = models.DateTimeField(null=True)
    complained_at = models.DateTimeField(null=True)
    human_open_count = models.PositiveSmallIntegerField(default=0)
    undecided_open_count = models.PositiveSmallIntegerField(default=0)
    machine_open_count = models.PositiveSmallIntegerField(default=0)
    human_click_count = models.PositiveSmallIntegerField(default=0)
    undecided_click_count = models.PositiveSmallIntegerField(default=0)
    machine_click_count = models.PositiveSmallIntegerField(default=0)
    first_open_at = models.DateTimeField(null=True)
    first_click_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["contact", "mailing", "message_id"], name="one_delivery"
            )
        ]
        indexes = [models.Index(fields=["mailing", "contact"], name="delivery_mailing")]


class Watermark(models.Model):
    """How far a reader of events or captures has come; in main, in the reader's transaction."""

    reader = models.CharField(max_length=40, primary_key=True)
    position = models.BigIntegerField(default=0)
    moved_at = models.DateTimeField()
