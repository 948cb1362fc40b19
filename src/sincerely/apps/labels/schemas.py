"""What the labels API takes and gives."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from ninja import Field, Schema


class LabelOut(Schema):
    """An interest label."""

    id: int
    name: str
    kind: str
    description: str
    is_public: bool
    created_at: datetime
    archived_at: datetime | None


class LabelIn(Schema):
    """A label to store or change; names are exact and hold no comma."""

    name: str = Field(max_length=200)
    kind: Literal["product", "promotion", "content"] = "content"
    description: str = ""
    is_public: bool = False


class LabelPage(Schema):
    """Labels in order of name."""

    items: list[LabelOut]
    next: int | None = None
