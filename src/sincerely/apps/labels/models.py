"""The catalogue of interest labels. A label is knowledge about a person, never permission."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class LabelKind(models.TextChoices):
    """What kind of interest a label stands for."""

    PRODUCT = "product", _("product")
    PROMOTION = "promotion", _("promotion")
    CONTENT = "content", _("content")


class Label(models.Model):
    """An interest label; names are exact (case counts) and hold no comma."""

    name = models.CharField(max_length=80, unique=True)
    kind = models.CharField(max_length=10, choices=LabelKind.choices, default=LabelKind.CONTENT)
    description = models.TextField(blank=True)
    is_public = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    archived_at = models.DateTimeField(null=True)
    merged_into = models.ForeignKey("self", null=True, on_delete=models.PROTECT)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(name__contains=","), name="no_comma_in_label"
            )
        ]

    def __str__(self) -> str:
        return self.name


class LinkRule(models.Model):
    """A default: links whose URL matches the pattern (with `*`) get the label."""

    pattern = models.CharField(max_length=300, unique=True)
    label = models.ForeignKey(Label, on_delete=models.CASCADE)
