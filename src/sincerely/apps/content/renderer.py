"""The splice renderer: one contact's mail from parts encoded once (performance.md 2).

`Renderer(compiled)` does all work that is the same for everybody; `render(person, …)` joins bytes.
The meaning of the parts is defined by reference.py (python-liquid and the email package), which
tests and the sender's first messages compare with. A renderer is not shared between threads.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from html import escape
from itertools import groupby
from typing import Any

from sincerely.apps.content.rules.compiled import Compiled, Part, Parts, joined, walk
from sincerely.apps.content.rules.encoding import (
    SOFT,
    encode_chunk,
    encode_header,
    encode_piece,
)
from sincerely.apps.content.rules.fields import fields_of, missing_fields
from sincerely.apps.content.rules.values import SHAPES, Person, Test, check_of, text_of, value_of
from sincerely.apps.engagement.rules.tokens import CONFIRM_PAGE

LARGEST_BYTES = 1_048_576
LARGEST_MEMORY = 20_000
NOTHING: frozenset[int] = frozenset()
PIXEL = '<img src="{}" alt="" width="1" height="1" border="0">'


class RenderProblem(Exception):
    """This contact's mail cannot be made; the others of the mailing are not touched."""


@dataclass(slots=True)
class _Ride:
    """What one rendering carries: the person, the blocks shown, the addresses of this message.

    `html_prefix` and `text_prefix` are the encoded start of every tracked address, b'' where the
    addresses have no common start.
    """

    person: Person
    shown: Collection[int]
    link_url: Callable[[int], str]
    systems: dict[str, str]
    html_prefix: bytes = b""
    text_prefix: bytes = b""


Filler = Callable[[_Ride, list[Any]], None]
Step = bytes | str | Filler


class Rendered:
    """One rendered mail: quoted-printable bodies at once, plain strings when asked for."""

    __slots__ = ("_renderer", "_ride", "html_qp", "subject", "text_qp")

    def __init__(self, renderer: Renderer, ride: _Ride) -> None:
        self._renderer = renderer
        self._ride = ride
        self.subject = renderer.plain("subject", ride)
        self.html_qp = renderer.encoded("html", ride)
        self.text_qp = renderer.encoded("text", ride)

    @property
    def subject_header(self) -> bytes:
        """The value of the Subject header: one line of text, folded and RFC 2047 encoded."""
        return self._renderer.header(self.subject)

    @property
    def preheader(self) -> str:
        """The line that the inbox shows after the subject."""
        return self._renderer.plain("preheader", self._ride)

    @property
    def html(self) -> str:
        """The HTML part as it was before encoding."""
        return self._renderer.plain("html", self._ride)

    @property
    def text(self) -> str:
        """The plain text part as it was before encoding."""
        return self._renderer.plain("text", self._ride)


class Renderer:
    """Renders one compiled mail for any number of contacts.

    `fields` names the contact's facts that the mail reads (queries/people.py fetches them);
    `targets` maps each link's number to its own address, for contacts who are not tracked.
    """

    def __init__(self, compiled: Compiled) -> None:
        self.compiled = compiled
        self.fields = fields_of(compiled)
        self.targets = {link.number: link.url for link in compiled.links}
        self._headers: dict[str, bytes] = {}
        parts = {name: getattr(compiled, name) for name in ("subject", "preheader", "html", "text")}
        self._encoded = {
            name: _Weaver(compiled.language, is_plain=False).steps(parts[name])
            for name in ("html", "text")
        }
        self._plain = {
            name: _Weaver(compiled.language, is_plain=True).steps(tree)
            for name, tree in parts.items()
        }
        self._defaults = {
            part["block"]
            for part in walk(compiled.html)
            if isinstance(part, dict) and "block" in part and part["else"]
        }

    def render(  # one keyword per address of the message: the sender's contract
        self,
        person: Person,
        *,
        link_url: str | Callable[[int], str] | None,
        open_url: str | None,
        unsubscribe_url: str,
        preferences_url: str,
        shown: Collection[int] = NOTHING,
        view_url: str = "",
        confirm_url: str = "",
    ) -> Rendered:
        """Return this contact's mail; raises RenderProblem.

        `link_url` is what the number of a link follows (the fast way: all tracked addresses of a
        message start alike), or a function of the number, or None: then links lead straight to
        their targets, and to `confirm_url` where that is the hosted thank-you page. `open_url`
        None: no open pixel.
        `shown` holds the numbers of the blocks whose rules this contact fulfils.
        """
        if self.compiled.requires_block and not self._has_block(shown):
            raise RenderProblem("Every block of this mail is hidden for this contact.")
        systems = {
            "unsubscribe": unsubscribe_url,
            "preferences": preferences_url,
            "view": view_url or preferences_url,
            "open": open_url or "",
        }
        if not isinstance(link_url, str):
            direct = {CONFIRM_PAGE: confirm_url or "#confirm"}
            plain_url = link_url or (
                lambda number: direct.get(self.targets[number], self.targets[number])
            )
            return Rendered(self, _Ride(person, shown, plain_url, systems))
        plain = encode_chunk(link_url)
        escaped = escape(link_url)
        ride = _Ride(
            person,
            shown,
            lambda number: f"{link_url}{number}",
            systems,
            html_prefix=plain if escaped == link_url else encode_chunk(escaped),
            text_prefix=plain,
        )
        return Rendered(self, ride)

    def missing(self, person: Person, *, shown: Collection[int] = NOTHING) -> list[str]:
        """Strict mode: return the fields this contact's mail reads and the contact lacks."""
        return missing_fields(self.compiled, person, shown)

    def _has_block(self, shown: Collection[int]) -> bool:
        return bool(self._defaults) or any(n in self.compiled.blocks for n in shown)

    def encoded(self, name: str, ride: _Ride) -> bytes:
        """Return one part in quoted-printable; raises RenderProblem if it is too large."""
        out: list[bytes] = []
        _fill(self._encoded[name], ride, out)
        body = b"".join(out)
        if len(body) > LARGEST_BYTES:
            raise RenderProblem("The mail is larger than 1 MB for this contact.")
        return body

    def plain(self, name: str, ride: _Ride) -> str:
        """Return one part as a string; subject and preheader on one line."""
        out: list[str] = []
        _fill(self._plain[name], ride, out)
        return "".join(out)

    def header(self, subject: str) -> bytes:
        """Return the encoded subject, remembered: most contacts share it."""
        known = self._headers.get(subject)
        if known is None:
            if len(self._headers) > LARGEST_MEMORY:
                self._headers.clear()
            known = self._headers[subject] = encode_header("Subject", subject)
        return known


def _fill(steps: list[Step], ride: _Ride, out: list[Any]) -> None:
    for step in steps:
        if type(step) is bytes or type(step) is str:
            out.append(step)
        else:
            step(ride, out)  # type: ignore[operator]


class _Weaver:
    """Makes steps from parts: literals encoded, everything else a closure."""

    def __init__(self, language: str, *, is_plain: bool) -> None:
        self.language = language
        self.is_plain = is_plain

    def steps(self, parts: Parts) -> list[Step]:
        """Return the steps of a list of parts, in order."""
        parts = joined(parts)
        if self.is_plain:
            return [self._step(part) for part in parts]
        steps: list[Step] = []
        for is_run, group in groupby(parts, key=_is_static):
            members = list(group)
            if is_run and any(isinstance(part, dict) for part in members):
                steps.append(_run(members))
            else:
                steps += [self._step(part) for part in members]
        return steps

    def _step(self, part: Part) -> Step:
        if isinstance(part, str):
            return part if self.is_plain else encode_chunk(part)
        if "slot" in part:
            return self._slot(part)
        if "link" in part:
            return self._plain_link(part)
        if "system" in part:
            return self._system(part)
        if "if" in part:
            return self._choice(part)
        return self._block(part)

    def _slot(self, part: dict[str, Any]) -> Filler:
        expression = part["slot"]
        value = value_of(expression, language=self.language)
        shape = SHAPES[part["as"]]
        finish: Callable[[str], Any] = str if self.is_plain else encode_piece
        path = expression["path"]
        memory: dict[Any, Any] = {}
        if len(path) != 2 or path[0] != "contact":
            return lambda ride, out: out.append(finish(shape(text_of(value(ride.person)))))
        key = path[1]

        def fill(ride: _Ride, out: list[Any]) -> None:
            raw = ride.person.get(key)
            if type(raw) is not str and raw is not None:  # 1, 1.0 and True are one key of a dict
                out.append(finish(shape(text_of(value(ride.person)))))
                return
            known = memory.get(raw)
            if known is None:
                if len(memory) > LARGEST_MEMORY:
                    memory.clear()
                known = memory[raw] = finish(shape(text_of(value(ride.person))))
            out.append(known)

        return fill

    def _plain_link(self, part: dict[str, Any]) -> Filler:
        number = part["link"]
        shape: Callable[[str], str] = escape if part["as"] == "html" else str
        return lambda ride, out: out.append(shape(ride.link_url(number)))

    def _system(self, part: dict[str, Any]) -> Filler:
        name = part["system"]
        finish: Callable[[str], Any] = str if self.is_plain else encode_piece
        shape: Callable[[str], str] = escape if part["as"] == "html" else str

        def fill(ride: _Ride, out: list[Any]) -> None:
            url = ride.systems[name]
            if name == "open":
                out.append(finish(PIXEL.format(shape(url)) if url else ""))
            else:
                out.append(finish(shape(url)))

        return fill

    def _choice(self, part: dict[str, Any]) -> Filler:
        branches: list[tuple[Test, list[Step]]] = [
            (check_of(condition, language=self.language), self._framed(parts))
            for condition, parts in part["if"]
        ]
        otherwise = self._framed(part["else"])

        def fill(ride: _Ride, out: list[Any]) -> None:
            for test, steps in branches:
                if test(ride.person):
                    _fill(steps, ride, out)
                    return
            _fill(otherwise, ride, out)

        return fill

    def _block(self, part: dict[str, Any]) -> Filler:
        number = part["block"]
        then, otherwise = self._framed(part["then"]), self._framed(part["else"])

        def fill(ride: _Ride, out: list[Any]) -> None:
            _fill(then if number in ride.shown else otherwise, ride, out)

        return fill

    def _framed(self, parts: Parts) -> list[Step]:
        """A branch's parts between soft line breaks, so that all of it begins at column 0."""
        steps = self.steps(parts)
        return steps if self.is_plain else [SOFT, *steps, *([SOFT] if steps else [])]


def _is_static(part: Part) -> bool:
    """True for literals and tracked links: what differs between messages is one common prefix."""
    return isinstance(part, str) or "link" in part


def _run(parts: Parts) -> Filler:
    """Return the step for literals with links between them: one join in C for all of them."""
    chunks: list[bytes] = [b""]
    links: list[int] = []
    is_html = True
    for part in parts:
        if isinstance(part, str):
            chunks[-1] += encode_chunk(part)
        else:
            links.append(part["link"])
            is_html = part["as"] == "html"
            chunks.append(b"")
    around = [
        (b"%b%d%b" % (SOFT, links[at - 1], SOFT) if at else b"")
        + chunk
        + (SOFT if at < len(links) else b"")
        for at, chunk in enumerate(chunks)
    ]

    def fill(ride: _Ride, out: list[Any]) -> None:
        prefix = ride.html_prefix if is_html else ride.text_prefix
        if prefix:
            out.append(prefix.join(around))
            return
        out.append(chunks[0])
        for number, chunk in zip(links, chunks[1:], strict=True):
            url = ride.link_url(number)
            out.append(encode_piece(escape(url) if is_html else url))
            out.append(chunk)

    return fill
