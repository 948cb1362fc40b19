"""How deep the elements of a source stand. Pure.

The native readers of MJML and HTML call themselves for each level and end the whole process when
the stack is used up (seen from 1,000 columns or 4,000 elements on, in a thread of 2 MB); what is
opened and never closed is, by HTML's rules, opened anew in each paragraph after it. No real mail
comes near. Tags are read as the HTML standard reads them (13.2.5, quotes stand only after `=`), in
one pass that never goes back, so that neither can be hidden from the count.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from sincerely.apps.content.rules.mjml import VOID
from sincerely.apps.content.rules.wrong import Wrong

DEEPEST = 200
DEEPEST_MADE = 800  # a column of MJML is drawn with several elements
# May stay open: what follows closes them.
OPTIONAL = frozenset(("dd", "dt", "li", "option", "p", "tbody", "td", "tfoot", "th", "thead", "tr"))
RAW = frozenset(("iframe", "noembed", "noframes", "script", "style", "textarea", "title", "xmp"))
SVG_LEAVES = frozenset(
    ("circle", "ellipse", "line", "path", "polygon", "polyline", "rect", "stop", "use")
)
_SPACE = r"[ \t\n\f\r]"
_VALUE = r"\"[^\"]*\"|'[^']*'|[^ \t\n\f\r>\"'][^ \t\n\f\r>]*"
_ATTRIBUTE = rf"[^ \t\n\f\r/>][^ \t\n\f\r/>=]*(?:{_SPACE}*+={_SPACE}*+(?:{_VALUE})?)?"
_TOKEN = re.compile(
    r"<!--(?:-?>|.*?--!?>|.*)"
    r"|<!\[CDATA\[(?P<data>(?:.*?\]\]>|.*))"
    rf"|<(?P<shut>/?)(?P<name>[A-Za-z][^ \t\n\f\r/>]*)(?P<rest>(?:[ \t\n\f\r/]|{_ATTRIBUTE})*+)>?",
    re.DOTALL,
)
# A row ends the cell before it, and so on.
_ENDS = {
    "td": {"td", "th"},
    "th": {"td", "th"},
    "tr": {"td", "th", "tr"},
    "dt": {"dt", "dd"},
    "dd": {"dt", "dd"},
}


class DepthProblem(Wrong, ValueError):
    """The elements stand too deep, or too many are left open."""


def check_depth(source: str, *, is_html: bool, deepest: int = DEEPEST) -> None:
    """Raise DepthProblem at the line where elements stand more than `deepest` deep."""
    _Depth(source, is_html=is_html, deepest=deepest).check()


@dataclass(slots=True)
class _Depth:
    source: str
    is_html: bool
    deepest: int
    open: list[str] = field(default_factory=list)

    def check(self) -> None:
        at = 0
        while found := _TOKEN.search(self.source, at):
            at = found.end()
            name = (found["name"] or "").lower()
            if found["data"] is not None and self.is_html:  # no such thing in HTML: up to a `>`
                at = self.source.find(">", found.start()) + 1 or len(self.source)
            elif name and found["shut"]:
                self._shut(name)
            elif name:
                at = self._start(name, found)

    def _start(self, name: str, found: re.Match[str]) -> int:
        """Note an element; return where the next may begin."""
        if name in VOID or self._closes_itself(name, found["rest"]):
            return found.end()
        while self.open and self.open[-1] in _ENDS.get(name, {name} & OPTIONAL):
            self.open.pop()
        self.open.append(name)
        if len(self.open) > self.deepest:
            line = self.source.count("\n", 0, found.start()) + 1
            raise DepthProblem("too_deep", line=line, most=self.deepest)
        if not self.is_html or name not in RAW:
            return found.end()
        shut = re.compile(rf"</{name}(?=[ \t\n\f\r/>])", re.IGNORECASE).search(
            self.source, found.end()
        )
        return shut.start() if shut else len(self.source)

    def _closes_itself(self, name: str, rest: str) -> bool:
        if not rest.endswith("/"):
            return False
        return not self.is_html or (name in SVG_LEAVES and "svg" in self.open)

    def _shut(self, name: str) -> None:
        """Close the element if nothing stands open in it that needs an end of its own."""
        last = len(self.open) - 1
        while last >= 0 and self.open[last] != name and self.open[last] in OPTIONAL:
            last -= 1
        if last >= 0 and self.open[last] == name:
            del self.open[last:]
