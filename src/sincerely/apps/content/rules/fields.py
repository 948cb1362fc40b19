"""Which facts of a contact a mail reads, and which of them one contact lacks. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from sincerely.apps.content.rules.compiled import Compiled, Parts, walk
from sincerely.apps.content.rules.liquid import Condition, Expression
from sincerely.apps.content.rules.values import Person, check_of, value_of


def field_of(expression: Expression) -> str:
    """Return the contact's field that an expression reads, '' for none."""
    path = expression.get("path", [])
    if path[:1] == ["today"]:
        return "today"
    return path[1] if len(path) > 1 and path[0] == "contact" else ""


def has_fallback(expression: Expression) -> bool:
    """Say whether an output has a `default` for the case that the field is empty."""
    return any(name == "default" and arguments[0] for name, arguments in expression["filters"])


def expressions_in(condition: Condition) -> Iterator[Expression]:
    """Yield the expressions of a condition."""
    for part in condition[1:]:
        if isinstance(part, list):
            yield from expressions_in(part)
        else:
            yield part


def all_parts(compiled: Compiled) -> Iterator[dict[str, Any]]:
    """Yield every part of a mail that is not literal."""
    for parts in (compiled.subject, compiled.preheader, compiled.html, compiled.text):
        for part in walk(parts):
            if isinstance(part, dict):
                yield part


def outputs_of(compiled: Compiled) -> Iterator[Expression]:
    """Yield every output of a mail."""
    for part in all_parts(compiled):
        if "slot" in part:
            yield part["slot"]


def expressions_of(compiled: Compiled) -> Iterator[Expression]:
    """Yield every expression of a mail: outputs and what conditions compare."""
    yield from outputs_of(compiled)
    for part in all_parts(compiled):
        for condition, _ in part.get("if", ()):
            yield from expressions_in(condition)


def fields_of(compiled: Compiled) -> frozenset[str]:
    """Return the contact's fields that the mail reads."""
    return frozenset(filter(None, map(field_of, expressions_of(compiled))))


def missing_fields(compiled: Compiled, person: Person, shown: Collection[int]) -> list[str]:
    """Return the fields that this person's mail prints and the person lacks, fall-back or not."""
    reader = _Reader(person, shown, compiled.language)
    lacking: set[str] = set()
    for parts in (compiled.subject, compiled.preheader, compiled.html, compiled.text):
        for expression in reader.printed(parts):
            bare = {key: part for key, part in expression.items() if key != "filters"}
            if field_of(expression) and value_of(bare)(person) is None:
                lacking.add(field_of(expression))
    return sorted(lacking)


@dataclass(frozen=True, slots=True)
class _Reader:
    """One person reading: which branches and blocks they see."""

    person: Person
    shown: Collection[int]
    language: str

    def printed(self, parts: Parts) -> Iterator[Expression]:
        """Yield the outputs that this person's mail prints."""
        for part in parts:
            if isinstance(part, str):
                continue
            if "slot" in part:
                yield part["slot"]
            elif "block" in part:
                yield from self.printed(part["then" if part["block"] in self.shown else "else"])
            elif "if" in part:
                yield from self.printed(self._branch(part))

    def _branch(self, part: dict[str, Any]) -> Parts:
        for condition, parts in part["if"]:
            if check_of(condition, language=self.language)(self.person):
                return parts  # type: ignore[no-any-return]
        return part["else"]  # type: ignore[no-any-return]
