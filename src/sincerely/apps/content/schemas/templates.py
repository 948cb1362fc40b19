"""Templates, saved blocks and images in the JSON API."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from ninja import Field, Schema


class TemplateOut(Schema):
    """A design: `key` is the name of a ready-made one or the id of one of your own, as text."""

    key: str
    name: str
    description: str
    subject: str
    is_ready_made: bool
    mode: str


class TemplateList(Schema):
    """Every design of the gallery, own ones first."""

    items: list[TemplateOut]


class DraftFromTemplateIn(Schema):
    """What a new draft made from a design needs."""

    name: str = Field(min_length=1, max_length=200)
    brand_id: int
    language: Literal["en", "nl", "sv", "da"] = "en"


class TemplateIn(Schema):
    """A draft to be kept as a template."""

    content_id: int
    name: str = Field(min_length=1, max_length=120)
    description: str = Field("", max_length=300)


class SavedBlockOut(Schema):
    """A block that was kept."""

    id: int
    name: str
    block: dict[str, Any]


class SavedBlockList(Schema):
    """Every saved block, by name."""

    items: list[SavedBlockOut]


class ImageOut(Schema):
    """A picture; `src` is its public path."""

    id: int
    name: str
    alt: str
    src: str
    media_type: str
    width: int
    height: int
    created_at: datetime


class ImagePage(Schema):
    """Pictures, newest first; `next` is the id to go on below."""

    items: list[ImageOut]
    next: int | None
