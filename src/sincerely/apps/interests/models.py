"""A contact's labels: the assignment, its provenance, clicks per day and mailing.

Strength decays on reading (rules.py); what is stored are counts, which equal a rebuild from events.

Foreign keys that begin a longer index have none of their own: each costs on every import and fold.
"""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from sincerely.apps.contacts.models import Contact
from sincerely.apps.engagement.models import Mailing
from sincerely.apps.labels.models import Label


class Route(models.TextChoices):
    """By which way a label came or went."""

    SELF = "self", _("chosen by the contact")
    IMPORT = "import", _("import")
    MANUAL = "manual", _("given by a member")
    CLICK = "click", _("clicks")
    API = "api", "API"
    WORKFLOW = "workflow", _("workflow")
    MERGE = "merge", _("labels merged")


class ContactLabel(models.Model):
    """A contact holds (or has lost) a label; a self-declared choice outranks what clicks say."""

    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, db_index=False)
    label = models.ForeignKey(Label, on_delete=models.CASCADE, db_index=False)
    is_held = models.BooleanField(default=True)
    route = models.CharField(max_length=10, choices=Route.choices)
    since = models.DateTimeField()
    is_self_removed = models.BooleanField(default=False)
    ask_again_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["contact", "label"], name="one_label_state")]
        indexes = [models.Index(fields=["label", "is_held", "contact"], name="label_holders")]


class LabelChange(models.Model):
    """Provenance: an assignment or removal with route, actor, cause; also the triggers' feed.

    `is_news` is False where a further route only confirmed what already stood: it is shown with
    the provenance, and triggers pass it by.
    """

    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, db_index=False)
    label = models.ForeignKey(Label, on_delete=models.CASCADE)
    is_added = models.BooleanField()
    is_news = models.BooleanField(default=True)
    route = models.CharField(max_length=10, choices=Route.choices)
    at = models.DateTimeField()
    member_id = models.BigIntegerField(null=True)
    api_key_id = models.BigIntegerField(null=True)
    import_id = models.BigIntegerField(null=True)
    message_id = models.BigIntegerField(null=True)
    mailing = models.ForeignKey(Mailing, null=True, on_delete=models.SET_NULL, db_index=False)

    class Meta:
        indexes = [
            models.Index(fields=["contact", "at"], name="label_change_contact"),
            models.Index(
                fields=["mailing"],
                name="label_change_mailing",
                condition=models.Q(mailing__isnull=False),
            ),
        ]


class LabelDay(models.Model):
    """Clicks of one contact on links with one label, per UTC day and mailing (0 = imported)."""

    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, db_index=False)
    label = models.ForeignKey(Label, on_delete=models.CASCADE, db_index=False)
    day = models.DateField()
    mailing_id = models.BigIntegerField(default=0)
    human_count = models.PositiveIntegerField(default=0)
    undecided_count = models.PositiveIntegerField(default=0)
    last_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["contact", "label", "day", "mailing_id"], name="one_label_day"
            )
        ]
        indexes = [
            # With the counts, so that clicks in a span of days are read from the index alone.
            models.Index(
                fields=["label", "day", "contact", "mailing_id", "human_count", "undecided_count"],
                name="label_day_counts",
            )
        ]
