"""Saved rules that select contacts, and the history of who entered and left."""

from __future__ import annotations

from django.db import models

from sincerely.apps.contacts.models import Contact


class Segment(models.Model):
    """A saved rule; `rule` is a tree of the rule language, always valid when saved."""

    name = models.CharField(max_length=120, unique=True)
    description = models.TextField(blank=True)
    rule = models.JSONField()
    ready_made = models.CharField(max_length=40, blank=True)
    is_watched = models.BooleanField(default=True)
    refreshed_at = models.DateTimeField(null=True)
    member_count = models.PositiveIntegerField(null=True)
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    archived_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.name


class SegmentUse(models.Model):
    """The dependency graph: `segment` names `used` in its rule; a circle is refused."""

    segment = models.ForeignKey(Segment, on_delete=models.CASCADE)
    used = models.ForeignKey(Segment, on_delete=models.PROTECT, related_name="used_by")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["segment", "used"], name="one_use")]


class SegmentStay(models.Model):
    """One stay of one contact in one segment, as seen at the refreshes."""

    contact = models.ForeignKey(Contact, on_delete=models.CASCADE)
    segment = models.ForeignKey(Segment, on_delete=models.CASCADE)
    entered_at = models.DateTimeField()
    left_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["segment", "contact"],
                condition=models.Q(left_at__isnull=True),
                name="one_open_stay",
            )
        ]
        indexes = [
            models.Index(fields=["contact", "entered_at"], name="stay_contact"),
            models.Index(fields=["segment", "entered_at"], name="stay_entered"),
            models.Index(fields=["segment", "left_at"], name="stay_left"),
        ]


class StoredSet(models.Model):
    """A set of contacts by id as a roaring bitmap; exact for everybody who has no touch waiting.

    `turn` grows with each write, which is how two writers notice each other.
    """

    class State(models.TextChoices):
        """What the set is good for."""

        BUILDING = "building"
        READY = "ready"
        REFUSED = "refused"

    name = models.CharField(max_length=300, primary_key=True)
    state = models.CharField(max_length=8, choices=State.choices, default=State.BUILDING)
    turn = models.PositiveIntegerField(default=1)
    bitmap = models.BinaryField(default=bytes)
    changed_at = models.DateTimeField()


class Touch(models.Model):
    """A contact whose rows in a source of stored sets changed; triggers write it.

    It stands in the transaction of the change and goes when the sets have taken the change in. No
    foreign key: the contact may be gone by then. On PostgreSQL a statement that changes many writes
    one touch for up to 10,000: `contact_ids` holds them all, four bytes each, `contact_id` one.
    """

    source = models.CharField(max_length=10)
    key = models.BigIntegerField(default=0)
    contact_id = models.BigIntegerField()
    contact_ids = models.BinaryField(null=True)
