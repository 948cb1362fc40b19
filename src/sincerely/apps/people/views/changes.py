"""The words for what an import will change of the first people: what, from what, to what."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from sincerely.apps.contacts.rules.addresses import readable
from sincerely.apps.people.forms import DATES, PARTS
from sincerely.apps.people.models import Import

WORDS = dict((*PARTS, *DATES))


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that changes; `before` is empty where there was nothing."""

    what: str
    before: str
    after: str


def sample_rows(work: Import) -> list[dict[str, Any]]:
    """Return the first people whom the file makes or changes, each with its lines."""
    names = {
        target["key"]: target["name"]
        for target in work.choices.get("targets", [])
        if target["to"] in ("field", "new_field")
    }
    return [
        {
            "address": readable(one["address"]),
            "is_new": one["kind"] == "new",
            "lines": list(_lines(one, names)),
        }
        for one in work.preview.get("sample", [])
    ]


def new_choices(work: Import) -> list[dict[str, Any]]:
    """Return the new fields to choose from, each with the options that the file gives it."""
    targets = work.choices.get("targets", [])
    options = work.preview.get("options", {})
    return [
        {"name": target["name"], "options": options[str(place)]}
        for place, target in enumerate(targets)
        if str(place) in options
    ]


def _lines(one: dict[str, Any], names: dict[str, str]) -> Iterator[Line]:
    before = one["before"]
    is_new = one["kind"] == "new"
    for name, after in _in_order(one["core"]):
        if after if is_new else name in before:
            yield Line(str(WORDS[name]), before.get(name, ""), after)
    old = before.get("fields", {})
    for key, after in sorted(one["fields"].items()):
        if is_new or key in old:
            yield Line(names.get(key, key), in_words(old.get(key)), in_words(after))
    # A known contact's history only ever moves forward: shown where the sign-up was corrected.
    for name, at in _in_order(one.get("moments", {})):
        if is_new or name in before:
            yield Line(str(WORDS[name]), in_words(before.get(name)), in_words(at))
    if one.get("labels"):
        yield Line(_("Labels"), "", ", ".join(one["labels"]))


def _in_order(values: dict[str, Any]) -> list[tuple[str, Any]]:
    """Return what has words in the order of the form: PostgreSQL keeps no order of its own."""
    return [(name, values[name]) for name in WORDS if name in values]


def in_words(value: Any) -> str:
    """Return a stored value as people write it; nothing for none."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    text = str(value)
    try:
        if len(text) == 10:
            return date_format(date.fromisoformat(text), "DATE_FORMAT")
        return date_format(localtime(datetime.fromisoformat(text)), "DATE_FORMAT")
    except ValueError:
        return " ".join(text.split())
