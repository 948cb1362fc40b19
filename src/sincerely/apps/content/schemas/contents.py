"""Drafts, links, findings and previews in the JSON API."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from ninja import Field, Schema


class ContentIn(Schema):
    """A new draft. `text` null: the plain text is made from the HTML."""

    name: str = Field(min_length=1, max_length=200)
    brand_id: int
    mode: Literal["blocks", "mjml", "html"] = "blocks"
    document: dict[str, Any] | None = None
    source: str = Field("", max_length=512 * 1024)
    subject: str = Field("", max_length=250)
    preheader: str = Field("", max_length=250)
    language: Literal["en", "nl", "sv", "da"] = "en"
    text: str | None = None


class ContentChanges(Schema):
    """Changes to a draft on top of the revision they started from; what is left out stays."""

    revision: int
    name: str | None = Field(None, max_length=200)
    mode: Literal["blocks", "mjml", "html"] | None = None
    document: dict[str, Any] | None = None
    source: str | None = Field(None, max_length=512 * 1024)
    subject: str | None = Field(None, max_length=250)
    preheader: str | None = Field(None, max_length=250)
    language: Literal["en", "nl", "sv", "da"] | None = None
    text: str | None = None


class ContentOut(Schema):
    """A draft."""

    id: int
    name: str
    brand_id: int
    mode: str
    subject: str
    preheader: str
    language: str
    document: dict[str, Any]
    source: str
    text: str
    is_text_edited: bool
    revision: int
    created_at: datetime
    changed_at: datetime


class ContentRow(Schema):
    """A draft in a list, without what it says."""

    id: int
    name: str
    brand_id: int
    mode: str
    subject: str
    language: str
    revision: int
    changed_at: datetime


class ContentPage(Schema):
    """One page of drafts; `next` is the `after` of the following one."""

    items: list[ContentRow]
    next: int | None = None


class LinkOut(Schema):
    """A unique link of a draft; `note` says why it is not tracked, '' if it is."""

    url: str
    text: str
    positions: list[int]
    role: str
    note: str
    may_be_labelled: bool
    label_id: int | None = None
    block: str = ""


class LinkChangeOut(Schema):
    """A link that changed after its label was chosen; a review keeps the label named here."""

    url: str
    text: str
    was_url: str
    label_id: int | None


class LinksOut(Schema):
    """The links of a draft and whether their labels still belong to them."""

    items: list[LinkOut]
    review: str
    changes: list[LinkChangeOut]


class LinkLabelIn(Schema):
    """The label of every link to one address; null takes it away."""

    url: str
    label_id: int | None


class FindingOut(Schema):
    """A finding of the checks: wall, warning or hint."""

    code: str
    severity: str
    message: str
    fix: str
    place: str


class PreviewOut(Schema):
    """A draft as somebody would get it; `missing` names fields that they lack (strict mode)."""

    subject: str
    preheader: str
    html: str
    text: str
    shown: list[str]
    missing: list[str]
