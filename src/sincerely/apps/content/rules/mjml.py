"""What is wrong with MJML, and on which line; the compiler does not say. Pure.

The library draws nothing in the place of an element that it does not know, takes any closing tag
for the one it waits for, and names places in its own words.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass, field
from difflib import get_close_matches

from sincerely.apps.content.rules.wrong import Wrong

NAMES = (
    "accordion accordion-element accordion-text accordion-title all attributes body breakpoint "
    "button carousel carousel-image class column divider font group head hero html-attribute "
    "html-attributes image include navbar navbar-link preview raw section selector social "
    "social-element spacer style table text title wrapper"
)
# Where each element may stand (MJML 4): first the container in which its writer will want it.
CONTENT = "accordion button carousel divider image navbar social spacer table text"
HOMES = {
    **{f"mj-{name}": ("mj-column", "mj-hero") for name in CONTENT.split()},
    "mj-column": ("mj-section", "mj-group"),
    "mj-group": ("mj-section",),
    "mj-section": ("mj-body", "mj-wrapper"),
    "mj-hero": ("mj-body", "mj-wrapper"),
    "mj-wrapper": ("mj-body",),
    "mj-body": ("mjml",),
    "mj-head": ("mjml",),
    "mj-social-element": ("mj-social",),
    "mj-navbar-link": ("mj-navbar",),
    "mj-carousel-image": ("mj-carousel",),
    "mj-accordion-element": ("mj-accordion",),
    "mj-accordion-title": ("mj-accordion-element",),
    "mj-accordion-text": ("mj-accordion-element",),
}
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


class MjmlProblem(Wrong, ValueError):
    """The MJML is wrong at its line."""


def check_mjml(source: str) -> None:
    """Raise MjmlProblem at the first element that is unknown, left open or closed as another."""
    _Walk(_without_liquid(source)).check()


def misplaced(source: str, *, inside: str = "") -> list[MjmlProblem]:
    """Return the elements that stand where MJML does not want them, of a source without errors.

    The compiler draws them all the same, but without the tables that mail programs need. `inside`
    is the element that the source will stand in.
    """
    walk = _Walk(_without_liquid(source), open=[(inside, 0)] if inside else [])
    with suppress(MjmlProblem):  # what cannot be read is said by the compiler
        walk.check()
    return walk.misplaced


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
    misplaced: list[MjmlProblem] = field(default_factory=list)

    def check(self) -> None:
        at, lowered = 0, self.source.lower()
        while found := _PIECE.search(self.source, at):
            at = found.end()
            name = (found["name"] or "").lower()
            if found["sign"] or name:
                self._piece(found, name)
            is_raw = name == "mj-style" or (name == "mj-raw" and not self.is_strict)
            if is_raw and not found["shut"] and not found["rest"].endswith("/"):
                shut = lowered.find(f"</{name}", at)
                at = shut if shut >= 0 else len(lowered)
        if self.open:
            raise self._left_open()

    def _piece(self, found: re.Match[str], name: str) -> None:
        line = self.source.count("\n", 0, found.start()) + 1
        if self.is_strict:
            _check_tag(found, line)
        is_ours = name == "mjml" or name.startswith("mj-")
        if is_ours and name != "mjml" and name not in ELEMENTS:
            raise _unknown(name, line)
        if not is_ours and (not self.is_strict or name in VOID or not name):
            return
        if found["shut"]:
            self._close(name, line, is_ours=is_ours)
            return
        self._place(name, line)
        if not found["rest"].endswith("/"):
            self.open.append((name, line))

    def _place(self, name: str, line: int) -> None:
        parents = [parent for parent, _line in self.open]
        homes = HOMES.get(name)
        if homes is None or "mj-attributes" in parents or not parents or parents[-1] in homes:
            return
        found = MjmlProblem(
            "mjml_misplaced", line=line, name=name, parent=parents[-1], home=homes[0]
        )
        self.misplaced.append(found)

    def _close(self, name: str, line: int, *, is_ours: bool) -> None:
        last = self.open[-1] if self.open else ("", 0)
        if last[0] == name:
            self.open.pop()
        elif is_ours:
            if last[0]:
                raise MjmlProblem(
                    "mjml_misclosed", line=line, name=name, open=last[0], opened=last[1]
                )
            raise MjmlProblem("mjml_closes_nothing", line=line, name=name)

    def _left_open(self) -> MjmlProblem:
        name, line = self.open[-1]
        return MjmlProblem("mjml_open", line=line, name=name)


def _check_tag(found: re.Match[str], line: int) -> None:
    if found["sign"]:
        raise MjmlProblem("mjml_sign", line=line)
    if not found["end"]:
        raise MjmlProblem("mjml_tag", line=line, name=found["name"])
    bare = _UNQUOTED.search(_QUOTED.sub('""', found["rest"]))
    if bare:
        raise MjmlProblem("mjml_bare", line=line, attribute=bare[1], name=found["name"])


def _unknown(name: str, line: int) -> MjmlProblem:
    near = get_close_matches(name, sorted(ELEMENTS), n=1)
    if near:
        return MjmlProblem("mjml_meant", line=line, name=name, meant=near[0])
    return MjmlProblem("mjml_unknown", line=line, name=name)
