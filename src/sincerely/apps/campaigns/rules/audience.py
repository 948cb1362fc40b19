"""An audience of sources to take and to leave out, as a rule tree. Pure.

A source is {"list": id}, {"segment": id}, {"label": id} or {"everyone": true}. Somebody is in the
audience who is in any included source and in none of the excluded ones. An audience without an
included source selects nobody: everyone must be said.
"""

from __future__ import annotations

from typing import Any

Source = dict[str, Any]
Audience = dict[str, list[Source]]
KINDS = ("list", "segment", "label", "everyone")


class WrongAudience(ValueError):
    """The audience is not of the documented shape; the text says where."""


def check(audience: object) -> Audience:
    """Return the audience with both keys and each source once; WrongAudience otherwise."""
    if not isinstance(audience, dict) or set(audience) - {"include", "exclude"}:
        raise WrongAudience("An audience has the keys “include” and “exclude”.")
    return {side: _check_side(audience.get(side, [])) for side in ("include", "exclude")}


def _check_side(sources: object) -> list[Source]:
    if not isinstance(sources, list) or len(sources) > 100:
        raise WrongAudience("A side of an audience is a list of at most 100 sources.")
    kept: list[Source] = []
    for source in sources:
        if not isinstance(source, dict) or len(source) != 1 or next(iter(source)) not in KINDS:
            raise WrongAudience(f"A source names one of: {', '.join(KINDS)}.")
        kind, value = next(iter(source.items()))
        right = value is True if kind == "everyone" else type(value) is int
        if not right:
            raise WrongAudience(f"The source “{kind}” needs a number (everyone: true).")
        if source not in kept:
            kept.append(source)
    return kept


def is_empty(audience: Audience) -> bool:
    """Say whether nobody is included."""
    return not audience.get("include")


def as_rule(audience: Audience) -> dict[str, Any] | None:
    """Return the audience as a rule of the rule language, or None where nobody is included."""
    included = [_criterion(source) for source in audience.get("include", [])]
    excluded = [_criterion(source) for source in audience.get("exclude", [])]
    if not included:
        return None
    wanted = included[0] if len(included) == 1 else {"any": included}
    return {"all": [wanted, {"none": excluded}]} if excluded else {"all": [wanted]}


def as_excluded_rule(audience: Audience) -> dict[str, Any] | None:
    """Return, as a rule, whom the excluded sources take out of the included ones, if any."""
    included = [_criterion(source) for source in audience.get("include", [])]
    excluded = [_criterion(source) for source in audience.get("exclude", [])]
    if not included or not excluded:
        return None
    return {"all": [{"any": included}, {"any": excluded}]}


def _criterion(source: Source) -> dict[str, Any]:
    kind, value = next(iter(source.items()))
    if kind == "everyone":
        return {"everyone": True}
    return {"criterion": kind, kind: value}
