"""What contacts tell us on their own pages."""

from __future__ import annotations

from django.db import models

from sincerely.apps.contacts.models import Contact
from sincerely.apps.team.models import Brand


class UnsubscribeReason(models.Model):
    """Why somebody left, in their own words or by a ready answer."""

    contact = models.ForeignKey(Contact, on_delete=models.CASCADE)
    message_id = models.BigIntegerField(null=True)
    answer = models.CharField(max_length=40, blank=True)
    words = models.TextField(blank=True)
    at = models.DateTimeField()


class ThankYouPage(models.Model):
    """A brand's own words on the page behind the confirm button; what is empty is in ours."""

    brand = models.ForeignKey(Brand, on_delete=models.CASCADE)
    language = models.CharField(max_length=8)
    heading = models.CharField(max_length=120, blank=True)
    words = models.TextField(blank=True)
    offer = models.TextField(blank=True)
    offer_label = models.CharField(max_length=60, blank=True)
    offer_url = models.URLField(max_length=500, blank=True)
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["brand", "language"], name="one_thank_you_page")
        ]

    def __str__(self) -> str:
        return f"{self.brand} ({self.language})"
