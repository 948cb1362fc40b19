"""Senders, transports, holds, and the outbox: one row per recipient of a mailing.

States of a message: planned → claimed → dialling → accepted | deferred → (claimed …) | failed |
unknown; or skipped(reason) at planning, refused(reason) by the gate later, cancelled. `fence`
grows with each claim; an outcome is written only by the holder of the current fence.
`is_mailable`: meant to leave when it was planned, so not skipped; it never changes, and a unique
key on it is not written again with each change of state (a random page each, half of a commit).
`paced_until` is the moment (real time) before which a mailing or transport with a rate per hour
may not be claimed from again: it moves in the claim's transaction, so the rate holds exactly with
any number of senders.
"""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from sincerely.apps.contacts.models import Contact
from sincerely.apps.content.models import ContentVersion
from sincerely.apps.engagement.models import Mailing
from sincerely.apps.sending.rules.holds import words_of
from sincerely.apps.sending.rules.troubles import trouble_words
from sincerely.apps.team.models import Brand
from sincerely.wire.providers import known


class TransportKind(models.TextChoices):
    """The way mail leaves."""

    MAILBOX = "mailbox", _("test mailbox")
    SMTP = "smtp", _("SMTP relay")
    PROVIDER = "provider", _("provider")


class Transport(models.Model):
    """A way for mail to leave; `secret` is encrypted with a key outside the database."""

    name = models.CharField(max_length=120, unique=True)
    kind = models.CharField(max_length=8, choices=TransportKind.choices)
    provider = models.CharField(max_length=40, blank=True)
    host = models.CharField(max_length=255, blank=True)
    port = models.PositiveIntegerField(default=587)
    security = models.CharField(max_length=8, default="starttls")
    user_name = models.CharField(max_length=255, blank=True)
    secret = models.BinaryField(null=True)
    options = models.JSONField(default=dict)
    connection_count = models.PositiveSmallIntegerField(default=4)
    per_connection_count = models.PositiveIntegerField(default=100)
    per_hour = models.PositiveIntegerField(null=True)
    paced_until = models.DateTimeField(null=True)
    trouble = models.CharField(max_length=300, blank=True)
    trouble_at = models.DateTimeField(null=True)
    is_default = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    archived_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.name

    @property
    def provider_name(self) -> str:
        """What the provider calls itself."""
        provider = known().get(self.provider)
        return provider.name if provider else self.provider

    @property
    def trouble_words(self) -> str:
        """What is wrong at the moment, in the reader's language."""
        return trouble_words(self.trouble, gettext)


class SenderIdentity(models.Model):
    """The identity mail comes from; contacts are mailed for real only once its domain passes."""

    brand = models.ForeignKey(Brand, on_delete=models.PROTECT)
    name = models.CharField(max_length=120)
    address = models.EmailField()
    reply_to = models.EmailField(blank=True)
    checks = models.JSONField(default=dict)
    checked_at = models.DateTimeField(null=True)
    verified_at = models.DateTimeField(null=True)
    dkim_selector = models.CharField(max_length=63, blank=True)
    dkim_private_key = models.BinaryField(null=True)
    dkim_public_key = models.TextField(blank=True)
    is_default = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    archived_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.name} <{self.address}>"


class Dispatch(models.Model):
    """How one mailing leaves: envelope, content, transport, pace and its switch.

    Written by whoever owns the mailing (a campaign); read by the sender. `state` is the switch
    that a member turns: open, paused, cancelled. Finished is a query, never stored. Messages that
    became unknown up to `unknown_left_at` are left as they are: a member has said so. What a cap or
    quiet hours hold back waits up to `patient_until`; where a cap has room for one of two mailings,
    that of the higher `priority` goes.
    """

    mailing = models.OneToOneField(Mailing, primary_key=True, on_delete=models.CASCADE)
    sender = models.ForeignKey(SenderIdentity, on_delete=models.PROTECT)
    transport = models.ForeignKey(Transport, on_delete=models.PROTECT)
    reply_to = models.EmailField(blank=True)
    subscription_type_id = models.BigIntegerField(null=True)
    utm = models.JSONField(default=dict)
    state = models.CharField(max_length=10, default="open")
    planned_through_id = models.BigIntegerField(default=0)
    is_planned = models.BooleanField(default=False)
    per_hour = models.PositiveIntegerField(null=True)
    paced_until = models.DateTimeField(null=True)
    unknown_left_at = models.DateTimeField(null=True)
    patient_until = models.DateTimeField(null=True)
    priority = models.SmallIntegerField(default=0, db_default=0)
    created_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(
                fields=["priority"], condition=models.Q(state="open"), name="dispatch_priority"
            )
        ]


class State(models.TextChoices):
    """Where a message is on its way."""

    PLANNED = "planned", _("waiting")
    CLAIMED = "claimed", _("being prepared")
    DIALLING = "dialling", _("being handed over")
    ACCEPTED = "accepted", _("delivered")
    DEFERRED = "deferred", _("will be tried again")
    FAILED = "failed", _("bounced")
    UNKNOWN = "unknown", _("unknown")
    SKIPPED = "skipped", _("left out")
    REFUSED = "refused", _("stopped by the gate")
    CANCELLED = "cancelled", _("cancelled")


class SkipReason(models.TextChoices):
    """Why the gate says no."""

    NO_PERMISSION = "no_permission", _("no permission for this kind of mail")
    NO_EVIDENCE = "no_evidence", _("no verifiable opt-in")
    OPTED_OUT = "opted_out", _("opted out of this kind of mail")
    OPTED_OUT_ALL = "opted_out_all", _("opted out of all marketing mail")
    COMPLAINT = "complaint", _("complained of spam")
    SUPPRESSED = "suppressed", _("the address is suppressed")
    HARD_BOUNCE = "hard_bounce", _("the address bounced")
    SAME_ADDRESS = "same_address", _("another contact with this address gets it")
    ADDRESS_CHANGED = "address_changed", _("the address was changed after planning")
    STALE = "stale", _("not mailed for more than twelve months")
    CAPPED = "capped", _("had enough mail lately")
    QUIET_HOURS = "quiet_hours", _("quiet hours")
    HELD = "held", _("held back")
    EXPIRED = "expired", _("could not be delivered in time")
    RENDER_FAILED = "render_failed", _("the mail could not be made for this contact")
    INACTIVE = "inactive", _("inactive")

    @classmethod
    def words(cls, reason: str) -> str:
        """Return a stored reason in words; one that another version wrote stands as it is."""
        return str(cls(reason).label) if reason in cls.values else reason


class Message(models.Model):
    """One mail for one contact, with its states: a row of the outbox."""

    mailing = models.ForeignKey(Mailing, on_delete=models.CASCADE, db_index=False)
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, db_index=False)
    occasion = models.BigIntegerField(default=0)
    nonce = models.BinaryField(max_length=6)
    address_key = models.BinaryField(max_length=16)
    version = models.ForeignKey(ContentVersion, null=True, on_delete=models.PROTECT)
    state = models.CharField(max_length=10, choices=State.choices, default=State.PLANNED)
    reason = models.CharField(max_length=16, choices=SkipReason.choices, blank=True)
    is_mailable = models.BooleanField(default=True, db_default=True)
    due_at = models.DateTimeField()
    fence = models.PositiveIntegerField(default=0)
    claimed_by = models.CharField(max_length=60, blank=True)
    attempt_count = models.PositiveSmallIntegerField(default=0)
    planned_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    shown_blocks = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["mailing", "contact", "occasion"], name="one_message"),
            models.UniqueConstraint(
                fields=["mailing", "occasion", "address_key"],
                condition=models.Q(is_mailable=True),
                name="one_message_per_address",
            ),
        ]
        indexes = [
            models.Index(
                fields=["mailing", "due_at", "id"],
                condition=models.Q(state__in=["planned", "deferred"]),
                name="message_due",
            ),
            models.Index(
                fields=["claimed_by"],
                condition=models.Q(state__in=["claimed", "dialling"]),
                name="message_claimed",
            ),
            models.Index(fields=["mailing", "state", "reason"], name="message_mailing_state"),
            models.Index(fields=["contact", "id"], name="message_contact"),
        ]


class Attempt(models.Model):
    """An outcome at the wire, append-only: what the receiving server said. The folder reads it."""

    message = models.ForeignKey(Message, on_delete=models.CASCADE)
    at = models.DateTimeField()
    outcome = models.CharField(max_length=10, choices=State.choices)
    code = models.PositiveSmallIntegerField(null=True)
    text = models.CharField(max_length=300, blank=True)


def _shown(at: datetime) -> str:
    """Return a moment on the clock and in the language of the reader."""
    return str(date_format(timezone.localtime(at), "DATETIME_FORMAT"))


class Hold(models.Model):
    """A reason why mailings wait: one mailing, or all where it is null. Lifted, never deleted.

    `reason` is stored as `rules.holds` says; `words` are for people, in the reader's language.
    """

    mailing = models.ForeignKey(Mailing, null=True, on_delete=models.CASCADE)
    reason = models.CharField(max_length=200)
    placed_by = models.CharField(max_length=40)
    placed_at = models.DateTimeField()
    lifted_at = models.DateTimeField(null=True)

    @property
    def words(self) -> str:
        """Say why."""
        return words_of(self.reason, gettext, shown=_shown)


class Restraint(models.Model):
    """How much mail the installation lets go to one address, and when (always id 1).

    One row, read by every turn of the sender. `limits` is a list of [subscription type or 0, most
    or null, days, gap in hours]. `round` grows when limits change: what `Pressure` noted under an
    older round is read anew from the messages.
    """

    limits = models.JSONField(default=list)
    quiet_begins = models.TimeField(null=True)
    quiet_ends = models.TimeField(null=True)
    is_on = models.BooleanField(default=False)
    round = models.PositiveIntegerField(default=0)
    in_force_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="one_restraint")]


class Pressure(models.Model):
    """Mail to one address in the reach of the limits; the gate locks the row: caps are exact.

    `recent` is JSON text: [message, microseconds since 1970, subscription type] for each mail.
    """

    address_key = models.BinaryField(max_length=16, primary_key=True)
    recent = models.TextField(default="[]")
    round = models.IntegerField(default=-1)


class JournalLine(models.Model):
    """A record in the journal of a sender, on PostgreSQL (engines/sender/journal.py).

    Number 0 is nothing but the proof that nobody has taken the journal over.
    """

    owner = models.CharField(max_length=60)
    number = models.BigIntegerField()
    record = models.TextField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["owner", "number"], name="one_line")]


class TestMail(models.Model):
    """A test to a member or a saved test address; outside the gate, never counted.

    Older ones do not say through which transport they went, nor whether they were accepted.
    """

    mailing_id = models.BigIntegerField(null=True)
    transport = models.ForeignKey(Transport, null=True, on_delete=models.CASCADE)
    address = models.EmailField()
    at = models.DateTimeField()
    outcome = models.CharField(max_length=300)
    is_accepted = models.BooleanField(null=True)

    @property
    def words(self) -> str:
        """What came of it, in the reader's language."""
        return trouble_words(self.outcome, gettext)


class TestAddress(models.Model):
    """An address on the saved test list."""

    address = models.EmailField(unique=True)
    name = models.CharField(max_length=120, blank=True)
