"""What a check found: how grave, where, in words, and the one-click fix. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sincerely.apps.content.rules.compiled import Compiled, Parts
from sincerely.apps.content.rules.fields import expressions_in, field_of, has_fallback
from sincerely.apps.content.rules.liquid import Expression

WALL, WARNING, HINT = "wall", "warning", "hint"


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding. `fix` names what applying it does ('' where only the writer can).

    `place` is what the fix or the page needs to find it: a block's id, an address, a field.
    """

    code: str
    severity: str
    message: str
    fix: str = ""
    place: str = ""

    @property
    def is_wall(self) -> bool:
        """Walls stop the mail."""
        return self.severity == WALL


def bare_outputs(compiled: Compiled) -> list[str]:
    """Return the fields that are printed without a fall-back where they may be empty."""
    found: dict[str, None] = {}
    for parts in (compiled.subject, compiled.preheader, compiled.html, compiled.text):
        for name in _bare(parts, frozenset()):
            found[name] = None
    return list(found)


def _bare(parts: Parts, tested: frozenset[str]) -> Iterator[str]:
    for part in parts:
        if isinstance(part, str):
            continue
        if "slot" in part:
            name = field_of(part["slot"])
            if name and name not in tested and not _is_sure(part["slot"], name):
                yield name
        elif "if" in part:
            for condition, branch in part["if"]:
                asked = {field_of(expression) for expression in expressions_in(condition)}
                yield from _bare(branch, tested | asked)
            yield from _bare(part["else"], tested)
        elif "block" in part:
            yield from _bare(part["then"], tested)
            yield from _bare(part["else"], tested)


def _is_sure(expression: Expression, name: str) -> bool:
    """Every contact has an address and there is always a today."""
    return name in ("email", "today") or has_fallback(expression)
