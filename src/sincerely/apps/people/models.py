"""Imports and exports: coarse work as rows with state and progress, claimed by the runner."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from sincerely.apps.contacts.models import Contact


class WorkState(models.TextChoices):
    """Where coarse work is."""

    DRAFT = "draft", _("being prepared")
    CHECKING = "checking", _("being checked")
    CHECKED = "checked", _("checked")
    QUEUED = "queued", _("waiting")
    RUNNING = "running", _("running")
    DONE = "done", _("done")
    FAILED = "failed", _("failed")
    CANCELLED = "cancelled", _("cancelled")
    UNDOING = "undoing", _("being undone")
    UNDONE = "undone", _("undone")


class Import(models.Model):
    """One file on its way in. `choices` holds what the member chose (rules/mapping.py)."""

    kind = models.CharField(max_length=10, default="contacts")
    file_name = models.CharField(max_length=200)
    stored_as = models.CharField(max_length=80)
    size_bytes = models.BigIntegerField()
    dialect = models.JSONField(default=dict)
    header = models.JSONField(default=list)
    choices = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=WorkState.choices, default=WorkState.DRAFT)
    row_count = models.PositiveIntegerField(null=True)
    position = models.BigIntegerField(default=0)
    done_count = models.PositiveIntegerField(default=0)
    totals = models.JSONField(default=dict)
    preview = models.JSONField(default=dict)
    error = models.TextField(blank=True)
    fence = models.PositiveIntegerField(default=0)
    claimed_by = models.CharField(max_length=60, blank=True)
    member_id = models.BigIntegerField(null=True)
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)


class ImportReject(models.Model):
    """A row that was not taken, or not wholly, with the reason."""

    batch = models.ForeignKey(Import, on_delete=models.CASCADE)
    row_number = models.PositiveIntegerField()
    is_whole_row = models.BooleanField(default=True)
    reason = models.CharField(max_length=60)
    detail = models.CharField(max_length=300, blank=True)
    raw = models.JSONField(default=list)

    class Meta:
        indexes = [models.Index(fields=["batch", "row_number"], name="reject_batch_row")]


class ImportTouch(models.Model):
    """What an import did to a contact: created it (before is null) or changed it; for undo."""

    batch = models.ForeignKey(Import, on_delete=models.CASCADE)
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE)
    before = models.JSONField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["batch", "contact"], name="one_touch")]


class Export(models.Model):
    """A dated snapshot of a list, segment or label as CSV, with its manifest."""

    subject_kind = models.CharField(max_length=12)
    subject_id = models.BigIntegerField(null=True)
    rule = models.JSONField(default=dict)
    columns = models.JSONField(default=list)
    state = models.CharField(max_length=10, choices=WorkState.choices, default=WorkState.QUEUED)
    stored_as = models.CharField(max_length=80, blank=True)
    row_count = models.PositiveIntegerField(null=True)
    file_hash = models.CharField(max_length=64, blank=True)
    fence = models.PositiveIntegerField(default=0)
    claimed_by = models.CharField(max_length=60, blank=True)
    member_id = models.BigIntegerField(null=True)
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
