"""The contact, its typed fields, and lists.

`address_key` is a keyed hash of the address as the gate compares it (lower-cased local part and
A-label domain, see rules.py); with `share_number` 0 it is unique, and a member may let further
contacts share the address under the numbers 1, 2 …. Ids are dense and grow in order of arrival.
"""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from sincerely.apps.contacts.rules.addresses import readable


class TrackingTier(models.TextChoices):
    """How much a contact lets us see."""

    FULL = "full", _("clicks and opens")
    HYGIENE = "hygiene", _("only the date of the last open")
    NONE = "none", _("nothing")


class Contact(models.Model):
    """A person we may write to, if the consent records say so."""

    address = models.CharField(max_length=320)
    address_key = models.BinaryField(max_length=16)
    share_number = models.PositiveSmallIntegerField(default=0)
    domain = models.CharField(max_length=255)
    first_name = models.CharField(max_length=120, blank=True)
    last_name = models.CharField(max_length=120, blank=True)
    language = models.CharField(max_length=8, blank=True)
    time_zone = models.CharField(max_length=60, blank=True)
    fields = models.JSONField(default=dict)
    tracking_tier = models.CharField(
        max_length=8, choices=TrackingTier.choices, default=TrackingTier.FULL
    )
    source = models.CharField(max_length=40, default="manual")
    signed_up_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["address_key", "share_number"], name="one_contact_per_address"
            )
        ]
        indexes = [
            # Pattern classes let PostgreSQL answer prefixes (LIKE 'ann%') under any collation.
            models.Index(
                fields=["address"], name="contact_address", opclasses=["varchar_pattern_ops"]
            ),
            models.Index(
                fields=["last_name", "first_name"],
                name="contact_name",
                opclasses=["varchar_pattern_ops", "varchar_pattern_ops"],
            ),
            models.Index(
                fields=["first_name"], name="contact_first_name", opclasses=["varchar_pattern_ops"]
            ),
        ]

    def __str__(self) -> str:
        return f"{self.first_name} {self.last_name}".strip() or self.shown_address

    @property
    def shown_address(self) -> str:
        """The address as people write it."""
        return readable(self.address)


class FieldKind(models.TextChoices):
    """The type of a custom field; the JSON value has the matching type (dates are ISO strings)."""

    TEXT = "text", _("text")
    NUMBER = "number", _("number")
    DATE = "date", _("date")
    BOOLEAN = "boolean", _("yes or no")
    CHOICE = "choice", _("choice")


class FieldDefinition(models.Model):
    """A custom field: `key` is its name in `Contact.fields` and in templates, and never changes."""

    key = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=80, unique=True)
    kind = models.CharField(max_length=8, choices=FieldKind.choices)
    choices = models.JSONField(default=list, blank=True)
    created_at = models.DateTimeField()
    archived_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.name


class ContactList(models.Model):
    """Contacts put together by hand, by import or as a snapshot of a segment."""

    name = models.CharField(max_length=120, unique=True)
    description = models.TextField(blank=True)
    origin = models.CharField(max_length=10, default="manual")
    created_at = models.DateTimeField()
    archived_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.name


class ListMembership(models.Model):
    """One contact on one list."""

    contact = models.ForeignKey(Contact, on_delete=models.CASCADE)
    contact_list = models.ForeignKey(ContactList, on_delete=models.CASCADE, db_index=False)
    added_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["contact_list", "contact"], name="once_on_a_list")
        ]


class ContactNote(models.Model):
    """A change or remark that belongs on a contact's timeline: fields edited, imported, merged."""

    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, db_index=False)
    at = models.DateTimeField()
    act = models.CharField(max_length=40)
    member_id = models.BigIntegerField(null=True)
    detail = models.JSONField(default=dict)

    class Meta:
        indexes = [models.Index(fields=["contact", "at"], name="note_contact_at")]
