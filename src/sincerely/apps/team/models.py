"""Members, brands, API keys, the organisation's settings and the append-only audit trail."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from sincerely.apps.team.act_words import act_words
from sincerely.apps.team.numbers import grouped
from sincerely.apps.team.rules import Capability, Role
from sincerely.apps.team.words import CAPABILITY_NAMES


class MemberManager(BaseUserManager["Member"]):
    """Creates members; addresses are compared without regard to case."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> Member:
        """Store a member with a hashed password and return it."""
        member = self.model(email=email.strip().lower(), **fields)
        member.set_password(password)
        member.save(using=self._db)
        return member

    def get_by_natural_key(self, username: str | None) -> Member:
        """Return the member with this address."""
        return self.get(email=(username or "").strip().lower())


class Member(AbstractBaseUser):
    """A person of the team who logs in."""

    email = models.EmailField(_("e-mail address"), unique=True)
    name = models.CharField(_("name"), max_length=120)
    role = models.CharField(_("role"), max_length=10, choices=[(r.value, r.value) for r in Role])
    language = models.CharField(_("language"), max_length=5, default="en")
    time_zone = models.CharField(_("time zone"), max_length=60, blank=True)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField()

    objects = MemberManager()
    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: list[str] = []

    def __str__(self) -> str:
        return self.name or self.email

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        """Django's own permissions are not used."""
        return False


class Organisation(models.Model):
    """The one organisation of this installation and its settings (always id 1)."""

    name = models.CharField(max_length=120)
    time_zone = models.CharField(max_length=60, default="Europe/Amsterdam")
    language = models.CharField(max_length=5, default="en")
    default_tracking_tier = models.CharField(max_length=8, default="full")
    label_half_life_days = models.PositiveSmallIntegerField(default=60)
    label_minimum_clicks = models.PositiveSmallIntegerField(default=1)
    sample_loaded_at = models.DateTimeField(null=True)
    set_up_at = models.DateTimeField(null=True)
    public_checked_at = models.DateTimeField(null=True)
    public_url_checked = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="one_organisation")]

    def __str__(self) -> str:
        return self.name


class Brand(models.Model):
    """What mail looks like and from where its links come; the footer cannot be lost."""

    name = models.CharField(max_length=120, unique=True)
    logo = models.BinaryField(null=True)
    logo_type = models.CharField(max_length=40, blank=True)
    accent_colour = models.CharField(max_length=7, default="#2f6f5e")
    text_colour = models.CharField(max_length=7, default="#22302c")
    background_colour = models.CharField(max_length=7, default="#f6f4ef")
    heading_font = models.CharField(max_length=120, default="Georgia, serif")
    body_font = models.CharField(max_length=120, default="Arial, Helvetica, sans-serif")
    postal_address = models.TextField(blank=True)
    privacy_url = models.URLField(blank=True)
    link_url = models.URLField(blank=True)
    created_at = models.DateTimeField()
    archived_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.name


class APIKey(models.Model):
    """A key for the JSON API; only its hash is kept."""

    name = models.CharField(max_length=120)
    prefix = models.CharField(max_length=12, unique=True)
    secret_hash = models.BinaryField(max_length=32)
    scopes = models.JSONField(default=list)
    member = models.ForeignKey(Member, on_delete=models.PROTECT)
    created_at = models.DateTimeField()
    last_used_on = models.DateField(null=True)
    revoked_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.name

    @property
    def scope_words(self) -> list[str]:
        """What the key may do, in the reader's language."""
        return [str(CAPABILITY_NAMES[one]) for one in Capability if one.value in self.scopes]


class IdempotencyKey(models.Model):
    """The first answer to an API request, kept to be repeated to its repeats."""

    api_key = models.ForeignKey(APIKey, on_delete=models.CASCADE)
    key = models.CharField(max_length=200)
    request_hash = models.BinaryField(max_length=32)
    status = models.PositiveSmallIntegerField(null=True)
    body = models.TextField(blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["api_key", "key"], name="one_answer_per_key")
        ]


class AuditEntry(models.Model):
    """Who did what, when, from where; rows are only added, but for the count of refused logins."""

    at = models.DateTimeField(db_index=True)
    member = models.ForeignKey(Member, null=True, on_delete=models.PROTECT)
    api_key = models.ForeignKey(APIKey, null=True, on_delete=models.PROTECT)
    ip = models.GenericIPAddressField(null=True)
    act = models.CharField(max_length=60)
    subject_kind = models.CharField(max_length=40, blank=True)
    subject_id = models.BigIntegerField(null=True)
    subject_name = models.CharField(max_length=200, blank=True)
    detail = models.JSONField(default=dict)

    class Meta:
        indexes = [models.Index(fields=["subject_kind", "subject_id"], name="audit_subject")]

    @property
    def is_refusal(self) -> bool:
        """True where somebody was not let in: nobody knows who it was."""
        return self.subject_kind == "login"

    @property
    def words(self) -> str:
        """What was done, in the reader's language, with the number of tries where they count."""
        tries = self.detail.get("tries", 1)
        if tries == 1:
            return act_words(self.act)
        words = {"act": act_words(self.act), "n": grouped(tries)}
        return ngettext("%(act)s (%(n)s try)", "%(act)s (%(n)s tries)", tries) % words


class SetUpToken(models.Model):
    """A one-time link: create the owner, or invite a member with a role."""

    token_hash = models.BinaryField(max_length=32, unique=True)
    role = models.CharField(max_length=10)
    email = models.EmailField(blank=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
