"""The form of a segment: its name, and the rule laid out as boxes, lines and fields."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.utils.translation import gettext, gettext_lazy

from sincerely.apps.segments.queries import full_catalogue
from sincerely.apps.segments.registry import criteria
from sincerely.apps.segments.rules import Catalogue, Problem, problems_of
from sincerely.apps.segments.rules.catalogue import CUSTOM, STANDARD_FIELDS
from sincerely.apps.segments.rules.criterion import CRITERIA, Param
from sincerely.apps.segments.rules.editing import boxed
from sincerely.apps.segments.rules.form import ROOT, FormFields, from_fields, written
from sincerely.apps.segments.rules.tree import (
    Rule,
    children_of,
    group_of,
    is_everyone,
    join_path,
    walk,
)

Options = list[tuple[str, str]]


class SegmentForm(forms.Form):
    """Name and description; the rule stands beside it in fields of its own."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=120)
    description = forms.CharField(
        label=gettext_lazy("What is it for?"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class NameForm(forms.Form):
    """A name for something new that is made from a segment."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=120)


def rule_from(data: FormFields) -> Rule:
    """Return the rule that a posted form holds, finished or not."""
    named = from_fields(data, full_catalogue({}))
    return from_fields(data, full_catalogue(named))


@dataclass(frozen=True, slots=True)
class Widget:
    """One field of a criterion. `kind` is select, several, number, date, text or lines."""

    kind: str
    name: str
    label: str
    value: str = ""
    values: tuple[str, ...] = ()
    before: str = ""
    after: str = ""
    options: Options = field(default_factory=list)
    groups: list[tuple[str, Options]] = field(default_factory=list)
    low: float | None = None
    step: str = "1"
    is_detail: bool = False
    is_default: bool = True

    @property
    def id(self) -> str:
        """The id of the field in the page."""
        return self.name.replace(".", "-")


@dataclass(frozen=True, slots=True)
class Place:
    """One part of a rule as the form shows it: a box, a line, or 'everyone'."""

    path: str
    name: str
    kind: str
    group: str = ""
    size: int = 0
    key: str = ""
    widgets: list[Widget] = field(default_factory=list)
    children: list[Place] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    is_first: bool = True
    is_last: bool = True

    @property
    def shown(self) -> list[Widget]:
        """The fields that always stand there."""
        return [widget for widget in self.widgets if not widget.is_detail]

    @property
    def details(self) -> list[Widget]:
        """The fields that are folded away."""
        return [widget for widget in self.widgets if widget.is_detail]

    @property
    def has_open_details(self) -> bool:
        """True where a detail says something of its own."""
        return any(not widget.is_default for widget in self.details)

    @property
    def is_root(self) -> bool:
        """True for the outermost box."""
        return not self.path

    @property
    def is_deep(self) -> bool:
        """True inside a box inside the outermost one: it can be taken out."""
        return "." in self.path

    @property
    def count_id(self) -> str:
        """The id of the place for its count."""
        return f"count-{self.path.replace('.', '-') or 'all'}"


def said(problem: Problem) -> str:
    """Return a problem in the reader's language, parameters by the words of the form."""
    values = dict(problem.values)
    if "key" in values:
        values["key"] = str(LABELS.get(values["key"], values["key"]))
    return gettext(problem.template).format(**values)


def said_with_place(problem: Problem, rule: Rule) -> str:
    """Return a problem with the number of its condition, counted from the top of the form."""
    lines = [path for path, node in walk(boxed(rule)) if group_of(node) is None]
    if problem.path not in lines or len(lines) == 1:
        return said(problem)
    return gettext("Condition {number}: {problem}").format(
        number=lines.index(problem.path) + 1, problem=said(problem)
    )


def laid_out(rule: Rule, *, shows_missing: bool, own_id: int | None = None) -> Place:
    """Return a rule as the form shows it, with its problems at their places.

    `shows_missing` is off while somebody is still typing: then nothing is said of what is missing.
    `own_id` is the segment that is being edited.
    """
    whole = boxed(rule)
    catalogue = full_catalogue(whole)
    problems: dict[str, list[str]] = {}
    found = problems_of(whole, catalogue, own_id=own_id) if shows_missing else []
    for problem in found:
        problems.setdefault(problem.path, []).append(said(problem))
    return _Layout(catalogue, problems).place(whole, "", ROOT)


class _Layout:
    def __init__(self, catalogue: Catalogue, problems: Mapping[str, list[str]]) -> None:
        self.catalogue, self.problems = catalogue, problems

    def place(
        self, node: Rule, path: str, name: str, *, ends: tuple[bool, bool] = (True, True)
    ) -> Place:
        kind = group_of(node)
        known: dict[str, Any] = {
            "path": path,
            "name": name,
            "problems": self.problems.get(path, []),
            "is_first": ends[0],
            "is_last": ends[1],
        }
        if is_everyone(node):
            return Place(kind="everyone", **known)
        if kind is None:
            key = str(node.get("criterion", ""))
            return Place(kind="criterion", key=key, widgets=self.widgets(node, name), **known)
        children = children_of(node)
        last = len(children) - 1
        places = [
            self.place(
                child, join_path(path, index), f"{name}.{index}", ends=(index == 0, index == last)
            )
            for index, child in enumerate(children)
        ]
        return Place(kind="group", group=kind, size=len(children), children=places, **known)

    def widgets(self, node: Rule, name: str) -> list[Widget]:
        key = str(node.get("criterion", ""))
        first = Widget(
            "select",
            f"{name}.criterion",
            gettext("What it is about"),
            key,
            groups=_criteria_by_theme(),
        )
        criterion = CRITERIA.get(key)
        if criterion is None:
            return [first]
        shown = [param for param in criterion.params if param.is_shown(node, self.catalogue)]
        return [first, *(self.widget(param, node, name) for param in shown)]

    def widget(self, param: Param, node: Rule, name: str) -> Widget:
        value = param.value(node)
        values = tuple(written(value)) if value is not None else ()
        kind, options, groups = self.look(param, node)
        return Widget(
            kind,
            f"{name}.{param.key}",
            str(LABELS.get(param.key, param.key)),
            values[0] if values else "",
            values,
            before=gettext(param.before) if param.before else "",
            after=gettext(param.after) if param.after else "",
            options=options,
            groups=groups,
            low=param.low,
            step="1" if param.kind == "integer" else "any",
            is_detail=param.is_detail,
            is_default=value == param.default,
        )

    def look(self, param: Param, node: Rule) -> tuple[str, Options, list[tuple[str, Options]]]:
        if param.kind == "choice":
            offered = param.offered(param.options, node, self.catalogue)
            return "select", [(value, gettext(caption)) for value, caption in offered], []
        if param.kind == "field":
            return "select", [], _fields(self.catalogue)
        if param.kind == "links":
            links = self.catalogue.links.items()
            wanted = node.get("mailing")
            return (
                "several",
                [
                    (str(number), link.name)
                    for number, link in links
                    if wanted is None or link.mailing_id == wanted
                ],
                [],
            )
        if param.kind in ("label", "list", "segment", "type", "mailing"):
            nothing = gettext("any mail") if param.is_optional else gettext("choose …")
            return "select", [("", nothing), *_rows(param.kind, self.catalogue)], []
        return {"integer": "number", "texts": "lines"}.get(param.kind, param.kind), [], []


def _rows(kind: str, catalogue: Catalogue) -> Iterable[tuple[str, str]]:
    return ((str(number), catalogue.name_of(kind, number)) for number in catalogue.rows(kind))


def _fields(catalogue: Catalogue) -> list[tuple[str, Options]]:
    standard = [(key, gettext(entry.name)) for key, entry in STANDARD_FIELDS.items()]
    custom = [
        (key, entry.name) for key, entry in catalogue.fields.items() if key.startswith(CUSTOM)
    ]
    return [
        (gettext("Standard"), standard),
        *([(gettext("Your fields"), custom)] if custom else []),
    ]


def _criteria_by_theme() -> list[tuple[str, Options]]:
    themes: dict[str, Options] = {}
    for criterion in criteria():
        theme = themes.setdefault(gettext(criterion.theme), [])
        theme.append((criterion.key, gettext(criterion.caption)))
    return list(themes.items())


def places_of(rule: Rule) -> list[str]:
    """Return the paths of a rule's parts as the form numbers them, the root left out."""
    return [path for path, _node in walk(boxed(rule)) if path]


LABELS = {
    "field": gettext_lazy("Field"),
    "test": gettext_lazy("Test"),
    "value": gettext_lazy("Value"),
    "values": gettext_lazy("Values, one per line"),
    "to": gettext_lazy("Until"),
    "days": gettext_lazy("Number of days"),
    "label": gettext_lazy("Label"),
    "at_least": gettext_lazy("At least"),
    "at_most": gettext_lazy("At most"),
    "counting": gettext_lazy("What is counted"),
    "signals": gettext_lazy("Which signals count"),
    "type": gettext_lazy("Subscription type"),
    "state": gettext_lazy("State"),
    "list": gettext_lazy("List"),
    "segment": gettext_lazy("Segment"),
    "did": gettext_lazy("What they did"),
    "target": gettext_lazy("Which links"),
    "links": gettext_lazy("Links"),
    "mailing": gettext_lazy("Mailing"),
    "period": gettext_lazy("When"),
    "from": gettext_lazy("From"),
    "among": gettext_lazy("Among whom"),
    "of": gettext_lazy("Of what"),
    "day": gettext_lazy("Day"),
}
