"""A draft as one person would get it: rendered, with which blocks were shown and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext

from sincerely.apps.content.compiler import Draft, compile_draft, rules_by_number
from sincerely.apps.content.models import Content
from sincerely.apps.content.queries.people import people_facts, shown_blocks
from sincerely.apps.content.renderer import Rendered, Renderer
from sincerely.apps.labels.queries import label
from sincerely.apps.segments.rules import Person, WrongRule, evaluate, sentence
from sincerely.apps.segments.surroundings import catalogue_of, moment_at
from sincerely.wire.row_numbers import row_number

PERSONA = "label-"


@dataclass(frozen=True, slots=True)
class Viewer:
    """As whom one looks: a contact, an invented holder of one label, or nobody special.

    With none of them every block is shown, so that a writer sees all of the mail.
    """

    contact_id: int | None = None
    label_id: int | None = None
    is_nobody: bool = False

    @classmethod
    def read(cls, words: str) -> Viewer:
        """Read '12' (a contact), 'label-3' (a persona), 'nobody' or '' (the writer)."""
        if words.startswith(PERSONA):
            return cls(label_id=row_number(words.removeprefix(PERSONA)))
        if (contact_id := row_number(words)) is not None:
            return cls(contact_id=contact_id)
        return cls(is_nobody=words == "nobody")

    @property
    def is_writer(self) -> bool:
        """True where nobody was chosen."""
        return self.contact_id is None and self.label_id is None and not self.is_nobody


@dataclass(frozen=True, slots=True)
class SeenBlock:
    """A block by rule, whether this viewer sees it, and the rule as a sentence."""

    block_id: str
    is_shown: bool
    rule: str
    has_alternative: bool


@dataclass(frozen=True, slots=True)
class Preview:
    """The mail for one viewer; `missing` names fields that are printed and that they lack."""

    rendered: Rendered
    blocks: tuple[SeenBlock, ...]
    missing: tuple[str, ...]


def preview(content: Content, viewer: Viewer, *, now: datetime) -> Preview:
    """Return the draft as this viewer would get it; raises CompileProblem, RenderProblem.

    Links lead straight to their targets and there is no open pixel: looking is not a signal.
    """
    draft = compile_draft(content)
    renderer = Renderer(draft.compiled)
    rules = rules_by_number(content, draft.compiled)
    person = _facts(viewer, renderer, now)
    shown = _shown(viewer, draft, rules, now=now)
    rendered = renderer.render(
        person,
        link_url=None,
        open_url=None,
        unsubscribe_url="#unsubscribe",
        preferences_url="#preferences",
        view_url="#view",
        shown=shown,
    )
    return Preview(
        rendered,
        tuple(_seen(draft, number, rule, shown=shown) for number, rule in sorted(rules.items())),
        () if viewer.is_writer else tuple(renderer.missing(person, shown=shown)),
    )


def _facts(viewer: Viewer, renderer: Renderer, now: datetime) -> Mapping[str, Any]:
    if viewer.contact_id is not None:
        found = people_facts([viewer.contact_id], renderer.fields, now=now)
        return found.get(viewer.contact_id, {})
    today = now.date().isoformat()
    held = label(viewer.label_id) if viewer.label_id is not None else None
    return {"today": today, "labels": [held.name] if held else []}


def _shown(
    viewer: Viewer, draft: Draft, rules: Mapping[str, Any], *, now: datetime
) -> frozenset[int]:
    if viewer.is_writer:
        return frozenset(draft.compiled.blocks)
    if viewer.contact_id is not None:
        found = shown_blocks(rules, [viewer.contact_id], now=now)
        return found[viewer.contact_id]
    labels = frozenset([viewer.label_id]) if viewer.label_id is not None else frozenset()
    invented = Person(0, labels=labels)
    return frozenset(int(number) for number, rule in rules.items() if _fits(rule, invented, now))


def _fits(rule: dict[str, Any], person: Person, now: datetime) -> bool:
    try:
        return evaluate(rule, person, moment=moment_at(now), catalogue=catalogue_of(rule))
    except WrongRule:
        return False


def _seen(draft: Draft, number: str, rule: dict[str, Any], *, shown: frozenset[int]) -> SeenBlock:
    return SeenBlock(
        block_id=draft.compiled.blocks[int(number)],
        is_shown=int(number) in shown,
        rule=sentence(rule, catalogue_of(rule), gettext),
        has_alternative=any(
            isinstance(part, dict) and part.get("block") == int(number) and part["else"]
            for part in draft.compiled.html
        ),
    )
