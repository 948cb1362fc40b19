"""What may be done with a campaign in which stage, and what must hold before it leaves."""

from __future__ import annotations

from dataclasses import dataclass

MAY: dict[str, frozenset[str]] = {
    "draft": frozenset({"edit", "launch", "test", "archive", "duplicate"}),
    "scheduled": frozenset({"stop", "test", "duplicate"}),
    "launched": frozenset({"pause", "cancel", "duplicate"}),
    "paused": frozenset({"resume", "cancel", "duplicate"}),
    "cancelled": frozenset({"archive", "duplicate"}),
}


class WrongStage(ValueError):
    """The campaign is in a stage in which this cannot be done."""


def may(stage: str, act: str) -> bool:
    """Say whether the act is possible in the stage; unknown stages permit nothing."""
    return act in MAY.get(stage, frozenset())


@dataclass(frozen=True, slots=True)
class Readiness:
    """The facts that decide whether a campaign may be launched; `revision` is the mail's."""

    has_sender: bool
    has_type: bool
    has_audience: bool
    links_are_reviewed: bool
    changed_links: tuple[str, ...] = ()
    wall_messages: tuple[str, ...] = ()
    transport_problems: tuple[str, ...] = ()
    audience_problems: tuple[str, ...] = ()
    will_get_it: int = 0
    revision: int = 0


@dataclass(frozen=True, slots=True)
class Wall:
    """One thing that stops the launch: `code` names it, `detail` is what the page adds."""

    code: str
    detail: str = ""


def walls(facts: Readiness) -> list[Wall]:
    """Return everything that stops the launch, in the order of the tabs; empty means go."""
    found = []
    found += [Wall("content", message) for message in facts.wall_messages]
    if not facts.links_are_reviewed:
        found.append(Wall("links_changed", ", ".join(facts.changed_links)))
    if not facts.has_type:
        found.append(Wall("no_type"))
    found += [Wall("audience", message) for message in facts.audience_problems]
    if not facts.has_audience:
        found.append(Wall("no_audience"))
    elif not facts.audience_problems and facts.has_type and facts.will_get_it == 0:
        found.append(Wall("nobody"))
    if not facts.has_sender:
        found.append(Wall("no_sender"))
    found += [Wall("transport", message) for message in facts.transport_problems]
    return found
