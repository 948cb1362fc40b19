"""Signs of life of the processes, and files in pieces."""

from __future__ import annotations

from django.db import models


class Heartbeat(models.Model):
    """The last sign of life of one process; times are real ones, whatever the business clock says.

    `turned_at` is when its main loop last came round: a process whose thread writes heartbeats
    while its loop is stuck is not well. `trouble` is the last error in words without addresses.
    """

    process = models.CharField(max_length=20)
    host = models.CharField(max_length=120)
    process_id = models.PositiveIntegerField()
    started_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    turned_at = models.DateTimeField()
    memory_bytes = models.BigIntegerField(default=0)
    error_count = models.PositiveIntegerField(default=0)
    trouble = models.CharField(max_length=300, blank=True)
    trouble_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["process", "host", "process_id"], name="one_heartbeat")
        ]


class StoredFile(models.Model):
    """A whole file; its pieces were written before this row."""

    name = models.CharField(max_length=80, primary_key=True)
    size_bytes = models.BigIntegerField()
    piece_count = models.PositiveIntegerField()
    stored_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class FilePiece(models.Model):
    """Half a megabyte of a file; its last piece is what is left."""

    name = models.CharField(max_length=80)
    number = models.PositiveIntegerField()
    stored_at = models.DateTimeField()
    content = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["name", "number"], name="one_piece")]
