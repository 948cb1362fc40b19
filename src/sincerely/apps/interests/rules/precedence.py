"""Whose word counts when a label comes or goes: the contact's outranks all others. Pure.

A label that the contact removed is given back by the contact alone; anybody and anything else only
leaves the suggestion to ask again. A label that the contact chose is not taken away by imports and
workflows; a member or the API may.
"""

from __future__ import annotations

from dataclasses import dataclass

SELF = "self"
# Routes that may not take away what the contact chose.
_INFERRING = frozenset({"import", "workflow", "click", "merge"})


@dataclass(frozen=True, slots=True)
class Held:
    """How a contact stands to a label now: held or lost, by which route."""

    is_held: bool
    route: str
    is_self_removed: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What becomes of the label; None for `state` means that the row stays as it is."""

    state: Held | None
    is_change: bool = False
    ask_again: bool = False


def assigning(current: Held | None, route: str) -> Outcome:
    """Decide what happens when this route says that the contact has the interest."""
    if current is None or (not current.is_held and not current.is_self_removed):
        return Outcome(Held(is_held=True, route=route), is_change=True)
    if not current.is_held:
        if route == SELF:
            return Outcome(Held(is_held=True, route=SELF), is_change=True)
        return Outcome(None, ask_again=True)
    if route == SELF and current.route != SELF:
        return Outcome(Held(is_held=True, route=SELF))
    return Outcome(None)


def removing(current: Held | None, route: str) -> Outcome:
    """Decide what happens when this route says that the contact has the interest no longer."""
    own = route == SELF
    if current is None or not current.is_held:
        declared = own and not (current and current.is_self_removed)
        lost = Held(is_held=False, route=SELF, is_self_removed=True)
        return Outcome(lost if declared else None)
    if current.route == SELF and route in _INFERRING:
        return Outcome(None)
    return Outcome(Held(is_held=False, route=route, is_self_removed=own), is_change=True)
