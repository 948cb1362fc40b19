"""Criterion on a standard or custom field; only *is unknown* holds for unknown values."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from sincerely.apps.segments.rules.catalogue import CUSTOM, Catalogue
from sincerely.apps.segments.rules.criterion import Criterion, Node, Param, add
from sincerely.apps.segments.rules.marking import Say, gettext_noop
from sincerely.apps.segments.rules.moment import Moment
from sincerely.apps.segments.rules.person import Person

_ = gettext_noop
Options = tuple[tuple[str, str], ...]
KNOWN: Options = (("known", _("is known")), ("unknown", _("is unknown")))
SAME: Options = (
    ("is", _("is")),
    ("is_not", _("is not")),
    ("is_one_of", _("is one of")),
    ("is_none_of", _("is none of")),
)
TESTS: dict[str, Options] = {
    "text": (
        *SAME,
        ("contains", _("contains")),
        ("contains_not", _("does not contain")),
        ("starts_with", _("starts with")),
        ("ends_with", _("ends with")),
        *KNOWN,
    ),
    "choice": (*SAME, *KNOWN),
    "number": (
        ("is", _("is")),
        ("is_not", _("is not")),
        ("less_than", _("is less than")),
        ("at_most", _("is at most")),
        ("more_than", _("is more than")),
        ("at_least", _("is at least")),
        ("between", _("is between")),
        *KNOWN,
    ),
    "date": (
        ("is", _("is")),
        ("before", _("is before")),
        ("after", _("is after")),
        ("between", _("is between")),
        ("more_than_days_ago", _("is more days ago than")),
        ("within_days", _("was in the last days")),
        ("in_next_days", _("is in the next days")),
        *KNOWN,
    ),
    "boolean": (("is_true", _("is yes")), ("is_false", _("is no")), *KNOWN),
}
ALL_TESTS = tuple(dict(option for options in TESTS.values() for option in options).items())
SEVERAL = ("is_one_of", "is_none_of")
IN_DAYS = ("more_than_days_ago", "within_days", "in_next_days")
VALUELESS = ("known", "unknown", "is_true", "is_false")
ISO_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
UPPER = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}


def fold(text: str) -> str:
    """Return the text as rules compare it: A to Z without regard to case, as both databases can."""
    return text.translate(UPPER)


def kind_of(node: Node, catalogue: Catalogue) -> str:
    """Return the kind of the field that the node names, or ''."""
    entry = catalogue.field_entry(node.get("field"))
    return entry.kind if entry else ""


def _offered_tests(_options: Options, node: Node, catalogue: Catalogue) -> Options:
    return TESTS.get(kind_of(node, catalogue), ())


def _offered_choices(_options: Options, node: Node, catalogue: Catalogue) -> Options:
    entry = catalogue.field_entry(node.get("field"))
    return tuple((choice, choice) for choice in entry.choices) if entry else ()


def _takes_one(kind: str) -> Callable[[Node, Catalogue], bool]:
    barred = (*SEVERAL, *IN_DAYS, *VALUELESS)

    def shown(node: Node, catalogue: Catalogue) -> bool:
        return kind_of(node, catalogue) == kind and node.get("test", "is") not in barred

    return shown


def _takes_several(node: Node, catalogue: Catalogue) -> bool:
    return kind_of(node, catalogue) in ("text", "choice") and node.get("test") in SEVERAL


def _takes_end(kind: str) -> Callable[[Node, Catalogue], bool]:
    def shown(node: Node, catalogue: Catalogue) -> bool:
        return kind_of(node, catalogue) == kind and node.get("test") == "between"

    return shown


def _takes_days(node: Node, catalogue: Catalogue) -> bool:
    return kind_of(node, catalogue) == "date" and node.get("test") in IN_DAYS


def _problems(node: Node, catalogue: Catalogue) -> list[tuple[str, dict[str, str]]]:
    if node.get("test") == "between" and node["value"] > node["to"]:
        return [(_("The end lies before the beginning."), {})]
    if kind_of(node, catalogue) == "choice" and node.get("test") in SEVERAL:
        entry = catalogue.field_entry(node["field"])
        foreign = sorted(set(node["values"]) - set(entry.choices if entry else ()))
        if foreign:
            return [(_("'{value}' is not one of the choices."), {"value": foreign[0]})]
    return []


def typed_value(node: Node, person: Person) -> Any:
    """Return what the person has in the field, or None where it is unknown."""
    name = node["field"]
    value = (
        person.custom.get(name.removeprefix(CUSTOM))
        if name.startswith(CUSTOM)
        else person.fields.get(name)
    )
    return None if value == "" else value


def _holds(node: Node, person: Person, moment: Moment) -> bool:
    value = typed_value(node, person)
    test = node.get("test", "is")
    if test == "is_true":
        return value is True
    if test == "is_false":
        return value is False
    if value is None or test in ("known", "unknown"):
        return (value is None) is bool(test == "unknown")
    if test in IN_DAYS:
        return _in_days(test, value, node["days"], moment=moment)
    if isinstance(value, str):
        return TEXT_TESTS[test](fold(value), node)
    return NUMBER_TESTS[test](value, node)


def _in_days(test: str, value: str, days: int, *, moment: Moment) -> bool:
    today = moment.today.isoformat()
    if test == "in_next_days":
        return today <= value <= (moment.today + timedelta(days=days)).isoformat()
    past = (moment.today - timedelta(days=days)).isoformat()
    return value < past if test == "more_than_days_ago" else past <= value <= today


TEXT_TESTS: dict[str, Callable[[str, Node], bool]] = {
    "is": lambda value, node: value == fold(node["value"]),
    "is_not": lambda value, node: value != fold(node["value"]),
    "is_one_of": lambda value, node: value in map(fold, node["values"]),
    "is_none_of": lambda value, node: value not in map(fold, node["values"]),
    "contains": lambda value, node: fold(node["value"]) in value,
    "contains_not": lambda value, node: fold(node["value"]) not in value,
    "starts_with": lambda value, node: value.startswith(fold(node["value"])),
    "ends_with": lambda value, node: value.endswith(fold(node["value"])),
    "before": lambda value, node: value < node["value"],
    "after": lambda value, node: value > node["value"],
    "between": lambda value, node: node["value"] <= value <= node["to"],
}
NUMBER_TESTS: dict[str, Callable[[float, Node], bool]] = {
    "is": lambda value, node: value == node["value"],
    "is_not": lambda value, node: value != node["value"],
    "less_than": lambda value, node: value < node["value"],
    "at_most": lambda value, node: value <= node["value"],
    "more_than": lambda value, node: value > node["value"],
    "at_least": lambda value, node: value >= node["value"],
    "between": lambda value, node: node["value"] <= value <= node["to"],
}


def clean_custom(value: object, kind: str) -> object:
    """Return a stored custom value if it has the type of its field, else None: unknown."""
    if kind == "number":
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        return value if is_number else None
    if kind == "boolean":
        return value if isinstance(value, bool) else None
    if not isinstance(value, str) or not value:
        return None
    return value if kind != "date" or ISO_DAY.fullmatch(value) else None


PHRASES = {
    "is": _("whose {field} is {value}"),
    "is_not": _("whose {field} is known and not {value}"),
    "is_one_of": _("whose {field} is one of {value}"),
    "is_none_of": _("whose {field} is known and none of {value}"),
    "contains": _("whose {field} contains {value}"),
    "contains_not": _("whose {field} is known and does not contain {value}"),
    "starts_with": _("whose {field} starts with {value}"),
    "ends_with": _("whose {field} ends with {value}"),
    "less_than": _("whose {field} is less than {value}"),
    "at_most": _("whose {field} is at most {value}"),
    "more_than": _("whose {field} is more than {value}"),
    "at_least": _("whose {field} is at least {value}"),
    "between": _("whose {field} is between {value} and {to}"),
    "before": _("whose {field} is before {value}"),
    "after": _("whose {field} is after {value}"),
    "more_than_days_ago": _("whose {field} is more than {days} days ago"),
    "within_days": _("whose {field} was in the last {days} days"),
    "in_next_days": _("whose {field} is in the next {days} days"),
    "is_true": _("whose {field} is yes"),
    "is_false": _("whose {field} is no"),
    "known": _("whose {field} is known"),
    "unknown": _("whose {field} is unknown"),
}


def _phrase(node: Node, catalogue: Catalogue, say: Say) -> str:
    entry = catalogue.field_entry(node["field"])
    name = entry.name if entry else ""
    shown = say(name) if not node["field"].startswith(CUSTOM) else name
    values = node.get("values") or ([node["value"]] if "value" in node else [])
    return say(PHRASES[node.get("test", "is")]).format(
        field=shown,
        value=", ".join(f"“{value}”" if isinstance(value, str) else f"{value}" for value in values),
        to=node.get("to", ""),
        days=node.get("days", ""),
    )


FIELD = add(
    Criterion(
        key="field",
        caption=_("a field"),
        theme=_("The person"),
        params=(
            Param("field", "field"),
            Param("test", "choice", options=ALL_TESTS, default="is", offered=_offered_tests),
            Param("value", "text", is_shown=_takes_one("text")),
            Param("value", "choice", offered=_offered_choices, is_shown=_takes_one("choice")),
            Param("value", "number", is_shown=_takes_one("number")),
            Param("value", "date", is_shown=_takes_one("date")),
            Param("values", "texts", is_shown=_takes_several),
            Param("to", "number", before=_("and"), is_shown=_takes_end("number")),
            Param("to", "date", before=_("and"), is_shown=_takes_end("date")),
            Param("days", "integer", after=_("days"), low=0, high=36500, is_shown=_takes_days),
        ),
        holds=_holds,
        phrase=_phrase,
        problems=_problems,
        example={"field": "language"},
    )
)
