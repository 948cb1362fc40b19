"""What a mail says: drafts, frozen versions, templates, saved blocks and images."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from sincerely.apps.team.models import Brand


class Mode(models.TextChoices):
    """How a mail is written."""

    BLOCKS = "blocks", _("blocks")
    MJML = "mjml", "MJML"
    HTML = "html", "HTML"


class Content(models.Model):
    """The working copy of a mail: subject, preheader, document, links with labels.

    `document` is the block editor's JSON (rules/document.py); `source` is MJML or HTML in the two
    advanced modes. `revision` grows with each change; `links_revision` is the revision whose links
    a member has reviewed. `link_choices` maps a link's URL to {"label": id, "role": …}. While
    `closed_at` is set a mailing has the mail as it stands, and nobody changes it.
    """

    name = models.CharField(max_length=200)
    brand = models.ForeignKey(Brand, on_delete=models.PROTECT)
    mode = models.CharField(max_length=6, choices=Mode.choices, default=Mode.BLOCKS)
    document = models.JSONField(default=dict)
    source = models.TextField(blank=True)
    subject = models.CharField(max_length=250, blank=True)
    preheader = models.CharField(max_length=250, blank=True)
    language = models.CharField(max_length=8, default="en")
    text = models.TextField(blank=True)
    is_text_edited = models.BooleanField(default=False)
    link_choices = models.JSONField(default=dict)
    revision = models.PositiveIntegerField(default=1)
    links_revision = models.PositiveIntegerField(default=0)
    reviewed_links = models.JSONField(default=list)
    closed_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()


class ContentRevision(models.Model):
    """An autosaved state of a draft, for undo and versions."""

    content = models.ForeignKey(Content, on_delete=models.CASCADE)
    revision = models.PositiveIntegerField()
    state = models.JSONField()
    at = models.DateTimeField()
    member_id = models.BigIntegerField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["content", "revision"], name="one_revision")]


class ContentVersion(models.Model):
    """The frozen content of one mailing: compiled once, never edited.

    `compiled` is what the renderers read (rules/compiled.py): HTML, text, subject and preheader
    templates with placeholders for links and for blocks by rule; `block_rules` maps a block's
    number to its rule tree.
    """

    content = models.ForeignKey(Content, null=True, on_delete=models.SET_NULL)
    mailing_id = models.BigIntegerField(null=True, db_index=True)
    compiled = models.JSONField()
    block_rules = models.JSONField(default=dict)
    content_hash = models.BinaryField(max_length=32)
    created_at = models.DateTimeField()


class Template(models.Model):
    """A reusable design; ready-made ones carry the name of their file."""

    name = models.CharField(max_length=120)
    description = models.TextField(blank=True)
    ready_made = models.CharField(max_length=40, blank=True)
    mode = models.CharField(max_length=6, choices=Mode.choices, default=Mode.BLOCKS)
    document = models.JSONField(default=dict)
    source = models.TextField(blank=True)
    subject = models.CharField(max_length=250, blank=True)
    language = models.CharField(max_length=8, default="en")
    created_at = models.DateTimeField()
    archived_at = models.DateTimeField(null=True)


class SavedBlock(models.Model):
    """A block kept to be used again."""

    name = models.CharField(max_length=120, unique=True)
    block = models.JSONField()
    created_at = models.DateTimeField()


class Image(models.Model):
    """An uploaded picture, scaled, stored in the database and served under its hash."""

    name = models.CharField(max_length=200)
    alt = models.CharField(max_length=300, blank=True)
    media_type = models.CharField(max_length=40)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    blob = models.BinaryField()
    blob_hash = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()
