"""What contacts tell us on their own pages."""

from __future__ import annotations

from django.db import models

from sincerely.apps.contacts.models import Contact


class UnsubscribeReason(models.Model):
    """Why somebody left, in their own words or by a ready answer."""

    contact = models.ForeignKey(Contact, on_delete=models.CASCADE)
    message_id = models.BigIntegerField(null=True)
    answer = models.CharField(max_length=40, blank=True)
    words = models.TextField(blank=True)
    at = models.DateTimeField()
