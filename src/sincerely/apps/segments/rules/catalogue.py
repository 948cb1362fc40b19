"""What a rule may name: labels, lists, segments, types, mailings, links and fields, by id."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sincerely.apps.segments.rules.marking import gettext_noop

_ = gettext_noop


@dataclass(frozen=True, slots=True)
class FieldEntry:
    """A contact field: its kind is text, number, date, boolean, choice or moment (a timestamp)."""

    name: str
    kind: str
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LinkEntry:
    """A link of a mailing."""

    name: str
    mailing_id: int
    role: str = "content"
    label_id: int | None = None


@dataclass(frozen=True, slots=True)
class SegmentEntry:
    """A saved segment and its rule."""

    name: str
    rule: Mapping[str, Any]


STANDARD_FIELDS: dict[str, FieldEntry] = {
    "address": FieldEntry(_("e-mail address"), "text"),
    "domain": FieldEntry(_("e-mail domain"), "text"),
    "first_name": FieldEntry(_("first name"), "text"),
    "last_name": FieldEntry(_("last name"), "text"),
    "language": FieldEntry(_("language"), "text"),
    "time_zone": FieldEntry(_("time zone"), "text"),
    "source": FieldEntry(_("source"), "text"),
    "tracking_tier": FieldEntry(_("tracking"), "choice", ("full", "hygiene", "none")),
}
CUSTOM = "custom."


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The names behind the ids of a rule; what is missing here no longer exists."""

    labels: Mapping[int, str] = field(default_factory=dict)
    lists: Mapping[int, str] = field(default_factory=dict)
    segments: Mapping[int, SegmentEntry] = field(default_factory=dict)
    types: Mapping[int, str] = field(default_factory=dict)
    mailings: Mapping[int, str] = field(default_factory=dict)
    links: Mapping[int, LinkEntry] = field(default_factory=dict)
    fields: Mapping[str, FieldEntry] = field(default_factory=dict)

    def field_entry(self, name: object) -> FieldEntry | None:
        """Return the field with this name: a standard one, or `custom.<key>`."""
        if not isinstance(name, str):
            return None
        return STANDARD_FIELDS.get(name) or self.fields.get(name)

    def rows(self, kind: str) -> Mapping[int, Any]:
        """Return what a parameter of this kind may name."""
        found: Mapping[int, Any] = getattr(self, f"{kind}s")
        return found

    def name_of(self, kind: str, number: object) -> str:
        """Return the name of a row, or '' where it no longer exists."""
        row = self.rows(kind).get(number) if isinstance(number, int) else None
        return row if isinstance(row, str) else (row.name if row is not None else "")
