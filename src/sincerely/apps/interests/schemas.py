"""What the interests API takes and gives."""

from __future__ import annotations

from datetime import datetime

from ninja import Field, Schema


class InterestOut(Schema):
    """A label as it stands for one contact."""

    label_id: int
    name: str
    is_held: bool
    route: str
    since: datetime | None
    is_self_removed: bool
    ask_again_at: datetime | None
    click_count: int
    undecided_count: int
    day_count: int
    mailing_count: int
    last_click_at: datetime | None
    strength: float
    sureness: str


class AssignIn(Schema):
    """A label to give to contacts, or to take from them."""

    label_id: int
    contact_ids: list[int] = Field(min_length=1, max_length=10_000)


class AssignedOut(Schema):
    """For whom it was news."""

    contact_ids: list[int]


class MergeIn(Schema):
    """The label that goes, and the one that stays."""

    from_id: int
    into_id: int


class MergedOut(Schema):
    """How many contacts gained the label that stays."""

    gained_count: int
