"""What the tests of content share: a source, the addresses of a message, and the comparison."""

from __future__ import annotations

import quopri
from collections.abc import Collection, Mapping
from typing import Any

from sincerely.apps.content import reference
from sincerely.apps.content.compiler import Draft, Source, compile_source
from sincerely.apps.content.renderer import Rendered, Renderer
from sincerely.apps.content.rules.look import BrandLook

LOOK = BrandLook(
    name="Pet shop",
    postal_address="1 High Street\nGhent",
    privacy_url="https://shop.example/privacy",
)
ADDRESSES: dict[str, Any] = {
    "link_url": "https://t.example/c/toKEN_0123456789-abcdefghijklmnopqrstuvwxyz0123456789/",
    "open_url": "https://t.example/o/toKEN.gif",
    "unsubscribe_url": "https://t.example/u/toKEN",
    "preferences_url": "https://t.example/p/toKEN?a=1&b=2",
    "view_url": "https://t.example/v/toKEN",
}


def draft_of(html: str, *, subject: str = "Hello", mode: str = "html", **more: Any) -> Draft:
    """Compile a source in the pet shop's look."""
    return compile_source(Source(mode=mode, source=html, subject=subject, **{"look": LOOK, **more}))


def rendered(
    html: str, person: Mapping[str, Any] | None = None, *, shown: Collection[int] = (), **more: Any
) -> Rendered:
    """Compile and render for one person."""
    renderer = Renderer(draft_of(html, **more).compiled)
    return renderer.render(person or {}, **ADDRESSES, shown=shown)


def assert_same(
    draft: Draft, person: Mapping[str, Any], *, shown: Collection[int] = (), **addresses: Any
) -> Rendered:
    """The splice renderer says what python-liquid says, and its bytes decode to that."""
    asked = {**ADDRESSES, **addresses}
    spliced = Renderer(draft.compiled).render(person, **asked, shown=shown)
    oracle = reference.render(draft.compiled, person, **asked, shown=shown)
    assert spliced.subject == oracle.subject
    assert spliced.preheader == oracle.preheader
    assert spliced.html == oracle.html
    assert spliced.text == oracle.text
    assert decoded(spliced.html_qp) == flat(oracle.html)
    assert decoded(spliced.text_qp) == flat(oracle.text)
    for body in (spliced.html_qp, spliced.text_qp):
        assert body.isascii()
        assert max(map(len, body.split(b"\r\n"))) <= 76
        assert b"\n" not in body.replace(b"\r\n", b"")
        assert b"\n." not in b"\n" + body
    return spliced


def decoded(body: bytes) -> str:
    """Undo quoted-printable by the standard library."""
    return flat(quopri.decodestring(body).decode())


def flat(text: str) -> str:
    """One kind of line break."""
    return text.replace("\r\n", "\n").replace("\r", "\n")
