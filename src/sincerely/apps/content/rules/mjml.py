"""What is wrong with MJML, and on which line; the compiler does not say. Pure.

The library draws nothing in the place of an element that it does not know, takes any closing tag
for the one it waits for, and names places in its own words.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from difflib import get_close_matches

NAMES = (
    "accordion accordion-element accordion-text accordion-title all attributes body breakpoint "
    "button carousel carousel-image class column divider font group head hero html-attribute "
    "html-attributes image include navbar navbar-link preview raw section selector social "
    "social-element spacer style table text title wrapper"
)
VOID_NAMES = "area base br col embed hr img input link meta source track wbr"
ELEMENTS = frozenset(f"mj-{name}" for name in NAMES.split())
VOID = frozenset(VOID_NAMES.split())
_LIQUID = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_PIECE = re.compile(
    r"<!--.*?-->|<[!?][^>]*>"
    r"|<(?P<shut>/?)(?P<name>[A-Za-z][\w:-]*)(?P<rest>(?:\"[^\"]*\"|'[^']*'|[^<>\"'])*)(?P<end>>?)"
    r"|(?P<sign><)",
    re.DOTALL,
)
_QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'")
_UNQUOTED = re.compile(r"([\w:-]+)\s*=\s*(?![\s\"'])")


class MjmlProblem(ValueError):
    """The MJML is wrong: the message is one sentence, `line` counts from 1."""

    def __init__(self, message: str, *, line: int) -> None:
        super().__init__(message)
        self.message, self.line = message, line


def check_mjml(source: str) -> None:
    """Raise MjmlProblem at the first element that is unknown, left open or closed as another."""
    _Walk(_without_liquid(source)).check()


def check_markup(source: str) -> None:
    """Raise MjmlProblem at the first thing that no reader of MJML takes, HTML included."""
    _Walk(_without_liquid(source), is_strict=True).check()


def _without_liquid(source: str) -> str:
    """Return the source with a sign for each sign of Liquid, so that lines stay where they are."""
    return _LIQUID.sub(lambda found: re.sub(r"[^\n]", "x", found[0]), source)


@dataclass(slots=True)
class _Walk:
    source: str
    is_strict: bool = False
    open: list[tuple[str, int]] = field(default_factory=list)

    def check(self) -> None:
        at = 0
        while found := _PIECE.search(self.source, at):
            at = found.end()
            name = (found["name"] or "").lower()
            if found["sign"] or name:
                self._piece(found, name)
            is_raw = name == "mj-style" or (name == "mj-raw" and not self.is_strict)
            if is_raw and not found["shut"] and not found["rest"].endswith("/"):
                shut = self.source.lower().find(f"</{name}", at)
                at = shut if shut >= 0 else at
        if self.open:
            raise self._left_open()

    def _piece(self, found: re.Match[str], name: str) -> None:
        line = self.source.count("\n", 0, found.start()) + 1
        if self.is_strict:
            _check_tag(found, line)
        is_ours = name == "mjml" or name.startswith("mj-")
        if is_ours and name != "mjml" and name not in ELEMENTS:
            raise MjmlProblem(f"There is no MJML element <{name}>{_meant(name)}", line=line)
        if not is_ours and (not self.is_strict or name in VOID or not name):
            return
        if found["shut"]:
            self._close(name, line, is_ours=is_ours)
        elif not found["rest"].endswith("/"):
            self.open.append((name, line))

    def _close(self, name: str, line: int, *, is_ours: bool) -> None:
        last = self.open[-1] if self.open else ("", 0)
        if last[0] == name:
            self.open.pop()
        elif is_ours:
            if last[0]:
                raise MjmlProblem(
                    f"</{name}> does not close <{last[0]}>, which was opened on line {last[1]}.",
                    line=line,
                )
            raise MjmlProblem(f"</{name}> closes nothing.", line=line)

    def _left_open(self) -> MjmlProblem:
        name, line = self.open[-1]
        return MjmlProblem(f"<{name}> is opened but not closed.", line=line)


def _check_tag(found: re.Match[str], line: int) -> None:
    if found["sign"]:
        raise MjmlProblem("Write &lt; for the sign ‘<’.", line=line)
    if not found["end"]:
        message = f"The tag <{found['name']} … is not finished: a quotation mark or ‘>’ is missing."
        raise MjmlProblem(message, line=line)
    bare = _UNQUOTED.search(_QUOTED.sub('""', found["rest"]))
    if bare:
        message = f"The value of {bare[1]} in <{found['name']}> needs quotation marks."
        raise MjmlProblem(message, line=line)


def _meant(name: str) -> str:
    near = get_close_matches(name, sorted(ELEMENTS), n=1)
    return f": did you mean <{near[0]}>?" if near else "."
