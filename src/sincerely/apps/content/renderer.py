"""The splice renderer: one contact's mail from parts encoded once (performance.md 2).

`Renderer(compiled)` does all work that is the same for everybody; `render(person, …)` joins bytes.
The meaning of the parts is defined by reference.py (python-liquid and the email package), which
tests and the sender's first messages compare with. A renderer is not shared between threads.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from html import escape
from typing import Any

from sincerely.apps.content.rules.compiled import Compiled, Part, Parts, joined, walk
from sincerely.apps.content.rules.encoding import encode_chunk, encode_header
from sincerely.apps.content.rules.fields import fields_of, missing_fields
from sincerely.apps.content.rules.splice import LARGEST_MEMORY, PIXEL, Ride, Sheet, sheet_of
from sincerely.apps.content.rules.values import SHAPES, Person, Test, check_of, text_of, value_of
from sincerely.apps.content.rules.wrong import Wrong
from sincerely.apps.engagement.rules.tokens import CONFIRM_PAGE

LARGEST_BYTES = 1_048_576
NOTHING: frozenset[int] = frozenset()
__all__ = ["PIXEL", "RenderProblem", "Rendered", "Renderer"]


class RenderProblem(Wrong):
    """This contact's mail cannot be made; the others of the mailing are not touched."""


Filler = Callable[[Ride, list[str]], None]
Step = str | Filler


class Rendered:
    """One rendered mail: quoted-printable bodies at once, plain strings when asked for."""

    __slots__ = ("_renderer", "_ride", "html_qp", "subject", "text_qp")

    def __init__(self, renderer: Renderer, ride: Ride) -> None:
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

    `fields` names the contact's facts that the mail reads (queries/people.py fetches them),
    `systems` the addresses of the message that its bodies show (compiled.SYSTEM_NAMES);
    `targets` maps each link's number to its own address, for contacts who are not tracked.
    """

    def __init__(self, compiled: Compiled) -> None:
        self.compiled = compiled
        self.fields = fields_of(compiled)
        self.targets = {link.number: link.url for link in compiled.links}
        self._headers: dict[str, bytes] = {}
        self.systems = frozenset(
            part["system"]
            for name in ("html", "text")
            for part in walk(getattr(compiled, name))
            if isinstance(part, dict) and "system" in part
        )
        self._sheets: dict[tuple[str, bool], Sheet] = {}
        self._plain = {
            name: _Weaver(compiled.language).steps(getattr(compiled, name))
            for name in ("subject", "preheader", "html", "text")
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
            raise RenderProblem("all_hidden")
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
            return Rendered(self, Ride(person, shown, plain_url, systems))
        plain = encode_chunk(link_url)
        escaped = escape(link_url)
        ride = Ride(
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

    def encoded(self, name: str, ride: Ride) -> bytes:
        """Return one part in quoted-printable; raises RenderProblem if it is too large."""
        is_tracked = bool(ride.html_prefix)
        sheet = self._sheets.get((name, is_tracked))
        if sheet is None:
            parts, language = getattr(self.compiled, name), self.compiled.language
            sheet = sheet_of(parts, language=language, is_tracked=is_tracked)
            self._sheets[name, is_tracked] = sheet
        body = sheet.fill(ride)
        if len(body) > LARGEST_BYTES:
            raise RenderProblem("contact_size")
        return body

    def plain(self, name: str, ride: Ride) -> str:
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


def _fill(steps: list[Step], ride: Ride, out: list[str]) -> None:
    for step in steps:
        if isinstance(step, str):
            out.append(step)
        else:
            step(ride, out)


class _Weaver:
    """Makes steps of plain text from parts: literals as they are, everything else a closure."""

    def __init__(self, language: str) -> None:
        self.language = language

    def steps(self, parts: Parts) -> list[Step]:
        """Return the steps of a list of parts, in order."""
        return [self._step(part) for part in joined(parts)]

    def _step(self, part: Part) -> Step:
        if isinstance(part, str):
            return part
        if "slot" in part:
            return self._slot(part)
        if "link" in part:
            return self._link(part)
        if "system" in part:
            return self._system(part)
        if "if" in part:
            return self._choice(part)
        return self._block(part)

    def _slot(self, part: dict[str, Any]) -> Filler:
        value = value_of(part["slot"], language=self.language)
        shape = SHAPES[part["as"]]
        return lambda ride, out: out.append(shape(text_of(value(ride.person))))

    def _link(self, part: dict[str, Any]) -> Filler:
        number = part["link"]
        shape: Callable[[str], str] = escape if part["as"] == "html" else str
        return lambda ride, out: out.append(shape(ride.link_url(number)))

    def _system(self, part: dict[str, Any]) -> Filler:
        name = part["system"]
        shape: Callable[[str], str] = escape if part["as"] == "html" else str

        def fill(ride: Ride, out: list[str]) -> None:
            url = ride.systems[name]
            if name != "open":
                out.append(shape(url))
            elif url:
                out.append(PIXEL.format(shape(url)))

        return fill

    def _choice(self, part: dict[str, Any]) -> Filler:
        branches: list[tuple[Test, list[Step]]] = [
            (check_of(condition, language=self.language), self.steps(parts))
            for condition, parts in part["if"]
        ]
        otherwise = self.steps(part["else"])

        def fill(ride: Ride, out: list[str]) -> None:
            for test, steps in branches:
                if test(ride.person):
                    _fill(steps, ride, out)
                    return
            _fill(otherwise, ride, out)

        return fill

    def _block(self, part: dict[str, Any]) -> Filler:
        number = part["block"]
        then, otherwise = self.steps(part["then"]), self.steps(part["else"])

        def fill(ride: Ride, out: list[str]) -> None:
            _fill(then if number in ride.shown else otherwise, ride, out)

        return fill
