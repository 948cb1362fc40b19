"""Subscription types, consent records and what they add up to, opt-outs and suppression.

A record holds a commitment SHA-256(salt + payload); `payload` is canonical JSON of the personal
values (address, IP, user agent, document). Erasure sets salt and payload to NULL and leaves the
commitment. SQL on both databases knows `commitment(salt, payload)`, so planning re-hashes the
evidence; `Permission` is derived from the records and points to the one that decides.

Foreign keys that begin a longer index have none of their own: each costs on every import.
"""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from sincerely.apps.contacts.models import Contact


class SubscriptionType(models.Model):
    """A kind of mail that a permission covers; the default is *Marketing Information*."""

    name = models.CharField(max_length=80, unique=True)
    description = models.TextField(blank=True)
    promised_per_month = models.PositiveSmallIntegerField(default=4)
    is_default = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    archived_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.name


class Wording(models.Model):
    """A consent text as shown, by hash; a translation names the wording that governs."""

    text = models.TextField()
    text_hash = models.BinaryField(max_length=32, unique=True)
    language = models.CharField(max_length=8, default="en")
    governing = models.ForeignKey("self", null=True, on_delete=models.PROTECT)
    is_machine_translated = models.BooleanField(default=False)
    created_at = models.DateTimeField()


class Act(models.TextChoices):
    """What a consent record does."""

    PERMIT = "permit", _("permits")
    WITHDRAW = "withdraw", _("withdraws")


class Channel(models.TextChoices):
    """By which way a consent record came."""

    FORM = "form", _("form")
    IMPORT = "import", _("import")
    API = "api", "API"
    MANUAL = "manual", _("entered by a member")
    LINK = "link", _("link in a mail")
    ONE_CLICK = "one_click", _("one-click unsubscribe")
    COMPLAINT = "complaint", _("spam complaint")
    REPLY = "reply", _("reply")
    OPT_OUT_IMPORT = "opt_out_import", _("opt-out import")
    WORKFLOW = "workflow", _("workflow")


class Evidence(models.IntegerChoices):
    """How strong the evidence of a permission is."""

    NONE = 0, _("none")
    SINGLE = 1, _("single opt-in")
    DOUBLE = 2, _("double opt-in")


class ConsentRecord(models.Model):
    """One act that permits or withdraws: who, what, when, how, wording shown. Never edited."""

    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, db_index=False)
    subscription_type = models.ForeignKey(SubscriptionType, null=True, on_delete=models.PROTECT)
    act = models.CharField(max_length=8, choices=Act.choices)
    channel = models.CharField(max_length=14, choices=Channel.choices)
    evidence = models.PositiveSmallIntegerField(choices=Evidence.choices, default=Evidence.NONE)
    at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    wording = models.ForeignKey(Wording, null=True, on_delete=models.PROTECT, db_index=False)
    cause = models.CharField(max_length=60, blank=True)
    member_id = models.BigIntegerField(null=True)
    api_key_id = models.BigIntegerField(null=True)
    import_id = models.BigIntegerField(null=True)
    message_id = models.BigIntegerField(null=True)
    refers_to = models.ForeignKey("self", null=True, on_delete=models.SET_NULL, db_index=False)
    salt = models.BinaryField(max_length=16, null=True)
    payload = models.TextField(null=True)
    commitment = models.BinaryField(max_length=32)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        # Keys that are mostly empty are indexed where they are not: an import writes millions.
        indexes = [
            models.Index(fields=["contact", "at"], name="consent_contact_at"),
            models.Index(
                fields=["wording"],
                name="consent_record_wording",
                condition=models.Q(wording__isnull=False),
            ),
            models.Index(
                fields=["refers_to"],
                name="consent_record_refers_to",
                condition=models.Q(refers_to__isnull=False),
            ),
        ]


class ConsentSeal(models.Model):
    """A Merkle root over commitments first_id … last_id, chained to the seal before."""

    first_id = models.BigIntegerField()
    last_id = models.BigIntegerField(unique=True)
    record_count = models.PositiveIntegerField()
    root = models.BinaryField(max_length=32)
    chained = models.BinaryField(max_length=32)
    at = models.DateTimeField()


class Permission(models.Model):
    """What the records add up to, per contact and type; no row means unspecified."""

    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, db_index=False)
    subscription_type = models.ForeignKey(SubscriptionType, on_delete=models.CASCADE)
    is_in = models.BooleanField()
    evidence = models.PositiveSmallIntegerField(choices=Evidence.choices)
    record = models.ForeignKey(ConsentRecord, on_delete=models.CASCADE)
    since = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["contact", "subscription_type"], name="one_permission")
        ]
        indexes = [
            models.Index(fields=["contact"], condition=models.Q(is_in=False), name="permission_out")
        ]


class OptOut(models.Model):
    """The opt-out from all marketing mail, which wins over every permission."""

    contact = models.OneToOneField(Contact, primary_key=True, on_delete=models.CASCADE)
    record = models.ForeignKey(ConsentRecord, on_delete=models.CASCADE)
    since = models.DateTimeField()
    cause = models.CharField(max_length=60, blank=True)


class SuppressionReason(models.TextChoices):
    """Why an address must not be mailed."""

    HARD_BOUNCE = "hard_bounce", _("the address does not exist")
    COMPLAINT = "complaint", _("complained of spam")
    OPT_OUT_IMPORT = "opt_out_import", _("on an imported opt-out list")
    MANUAL = "manual", _("blocked by a member")
    INVALID = "invalid", _("not a valid address")
    ERASED = "erased", _("erased on request")


class Suppression(models.Model):
    """An address, by its key only, that must not be mailed; a contact need not exist."""

    address_key = models.BinaryField(max_length=16)
    reason = models.CharField(max_length=16, choices=SuppressionReason.choices)
    masked = models.CharField(max_length=80, blank=True)
    since = models.DateTimeField()
    member_id = models.BigIntegerField(null=True)
    detail = models.CharField(max_length=300, blank=True)
    lifted_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["address_key"], name="suppression_address_key")]
        constraints = [
            models.UniqueConstraint(
                fields=["address_key", "reason"],
                condition=models.Q(lifted_at__isnull=True),
                name="one_suppression_per_reason",
            )
        ]
