"""What the segment endpoints take and give."""

from __future__ import annotations

import datetime as dt
from typing import Any

from ninja import Schema
from pydantic import Field


class RuleIn(Schema):
    """A rule tree, see docs/reference/rules.md."""

    rule: dict[str, Any]


class SegmentIn(RuleIn):
    """A new segment."""

    name: str = Field(min_length=1, max_length=120)
    description: str = Field("", max_length=2000)


class SegmentChanges(Schema):
    """What of a segment is to change; what is left out stays."""

    name: str | None = Field(None, min_length=1, max_length=120)
    description: str | None = Field(None, max_length=2000)
    rule: dict[str, Any] | None = None
    archived: bool | None = None


class SegmentOut(Schema):
    """A segment. `member_count` is as of `refreshed_at`."""

    id: int
    name: str
    description: str
    rule: dict[str, Any]
    member_count: int | None
    refreshed_at: dt.datetime | None
    created_at: dt.datetime
    changed_at: dt.datetime
    archived_at: dt.datetime | None


class SegmentPage(Schema):
    """A page of segments; `next` is the cursor for `after`."""

    items: list[SegmentOut]
    next: int | None


class ProblemOut(Schema):
    """What is wrong with a rule, and where."""

    path: str
    message: str


class CheckOut(Schema):
    """A rule's problems (none: it is right) and its sentence in English."""

    problems: list[ProblemOut]
    sentence: str


class CountOut(Schema):
    """How many a rule selects now, and how many each of its parts by path."""

    count: int
    parts: dict[str, int]


class PersonOut(Schema):
    """A contact in short."""

    id: int
    address: str
    first_name: str
    last_name: str


class PeopleOut(Schema):
    """Some contacts."""

    items: list[PersonOut]


class PeoplePage(PeopleOut):
    """A page of contacts; `next` is the cursor for `after`."""

    next: int | None


class ListOut(Schema):
    """The list that a snapshot made."""

    id: int
    name: str


class NameIn(Schema):
    """A name for something new."""

    name: str = Field(min_length=1, max_length=120)
