"""Lifts Liquid and block marks out of a source before MJML and CSS inlining. Pure.

MJML rejects `<` in conditions and css-inline moves text out of tables, so each output, tag and
block mark becomes an opaque token: a comment where HTML text stands (comments stay where they are,
also between table rows), a plain word inside attributes, styles and comments. Tokens carry a hash
of the source, so that no writer can forge one by accident.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field

from sincerely.apps.content.rules.liquid import LiquidProblem

LARGEST_SOURCE = 512 * 1024
MOST_MARKS = 2_000
RAW_ELEMENTS = ("style", "script", "title", "textarea", "mj-style", "mj-title", "mj-preview")

# No braces inside Liquid, and white space tried once per run: a source of one sign only must not
# take minutes.
_THING = re.compile(
    r"(?P<output>\{\{[^{}]*\}\})|(?P<tag>\{%[^{}]*%\})|(?P<broken>\{[{%])"
    r"|<!--\s*(?P<block>(?:/?block|else):[A-Za-z0-9_-]+)\s*-->"
    r"|(?P<open><!--)|(?P<shut>-->)|<(?P<start>/?[A-Za-z][\w:-]*)|(?P<end>>)|(?P<quote>[\"'])",
    re.DOTALL,
)
_TRIM = re.compile(r"(?<!\s)\s*(\{[{%])-|-([%}]\})\s*")
_COMMENT = re.compile(r"\{%\s*comment\s*%\}.*?(?:\{%\s*endcomment\s*%\}|(?P<open>\Z))", re.DOTALL)
_RAW = re.compile(r"\{%\s*raw\s*%\}(?P<text>.*?)(?:\{%\s*endraw\s*%\}|(?P<open>\Z))", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Mark:
    """One thing that was lifted out: `sort` is output, tag, block, literal, link or system."""

    sort: str
    source: str
    line: int = 0


@dataclass(slots=True)
class Lifted:
    """A source with tokens in place of its marks."""

    text: str
    nonce: str
    marks: list[Mark] = field(default_factory=list)

    def add(self, mark: Mark) -> str:
        """Keep a mark and return its token."""
        self.marks.append(mark)
        return f"zq{self.nonce}m{len(self.marks) - 1}e"

    @property
    def token(self) -> re.Pattern[str]:
        """Matches a token, with the comment around it where there is one; group 1 is its number."""
        word = rf"zq{self.nonce}m(\d+)e"
        return re.compile(rf"<!--\s*{word}\s*-->|{word}")

    def mark_of(self, found: re.Match[str]) -> Mark:
        """Return the mark of a token that `token` found."""
        return self.marks[int(found[1] or found[2])]


class _Lifter:
    """Walks a source once and knows whether it is in text, a tag, a comment or raw text."""

    def __init__(self, source: str, *, is_html: bool) -> None:
        self.is_html = is_html
        nonce = hashlib.blake2b(source.encode("utf-8", "replace"), digest_size=4).hexdigest()
        self.lifted = Lifted("", nonce)
        self.source = self._without_raw(_COMMENT.sub(_unsaid, _TRIM.sub(_bare, source)))
        self.state = "text"
        self.quote = ""
        self.raw = ""
        self.line, self.counted = 1, 0

    def _without_raw(self, source: str) -> str:
        def literal(found: re.Match[str]) -> str:
            if found["open"] is not None:  # never closed: the tag itself is the error
                return found[0]
            return self.lifted.add(Mark("literal", found["text"]))

        return _RAW.sub(literal, source)

    def lift(self) -> Lifted:
        """Walk the source and return it with tokens."""
        out: list[str] = []
        at = 0
        for found in _THING.finditer(self.source):
            sort = found.lastgroup or ""
            if sort in ("output", "tag", "block"):
                out += [self.source[at : found.start()], self._token(sort, found)]
                at = found.end()
            elif sort == "broken":
                line = self.source.count("\n", 0, found.start()) + 1
                raise LiquidProblem("not_closed", line=line, source=found[0])
            elif self.is_html:
                self._step(sort, found)
        self.lifted.text = "".join([*out, self.source[at:]])
        return self.lifted

    def _token(self, sort: str, found: re.Match[str]) -> str:
        self.line += self.source.count("\n", self.counted, found.start())
        self.counted, line = found.start(), self.line
        if len(self.lifted.marks) >= MOST_MARKS:
            raise LiquidProblem("many", line=line, most=MOST_MARKS)
        whole = found[sort]
        inner = whole if sort == "block" else whole[2:-2].strip()
        if sort != "output" and self.state == "tag" and not self.quote:
            raise LiquidProblem("between", line=line, source=whole)
        token = self.lifted.add(Mark(sort, inner, line))
        return f"<!--{token}-->" if sort != "output" and self.state == "text" else token

    def _step(self, sort: str, found: re.Match[str]) -> None:
        if self.state == "comment":
            if sort == "shut":
                self.state = "text"
        elif self.state == "raw":
            if sort == "start" and found["start"].lower() == f"/{self.raw}":
                self.state, self.raw = "tag", ""
        elif self.state == "tag":
            self._step_in_tag(sort, found)
        elif sort == "open":
            self.state = "comment"
        elif sort == "start":
            self.state, self.quote = "tag", ""
            name = found["start"].lower()
            self.raw = name if name in RAW_ELEMENTS else ""

    def _step_in_tag(self, sort: str, found: re.Match[str]) -> None:
        if sort == "quote":
            if not self.quote:
                self.quote = found["quote"]
            elif self.quote == found["quote"]:
                self.quote = ""
        elif sort == "end" and not self.quote:
            self.state = "raw" if self.raw else "text"


def _bare(found: re.Match[str]) -> str:
    """Return what a trimmed sign leaves: the bare sign."""
    return "".join(part for part in found.groups() if part)


def _unsaid(found: re.Match[str]) -> str:
    """Return what a comment leaves: nothing, and all where it is never closed."""
    return "" if found["open"] is None else found[0]


def lift(source: str, *, is_html: bool = True) -> Lifted:
    """Return the source with its Liquid and block marks lifted out; raises LiquidProblem."""
    if len(source.encode("utf-8", "replace")) > LARGEST_SOURCE:
        raise LiquidProblem("source_size")
    return _Lifter(source, is_html=is_html).lift()
