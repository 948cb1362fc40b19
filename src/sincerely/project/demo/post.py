"""What the demo reads out of the test mailbox: each mail's recipient and tracked links."""

from __future__ import annotations

import html
import quopri
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sincerely.wire.mailbox.store import opened

CLICK_URL = re.compile(rb"""href=["'](http://[^"']+/c/[^"']+)["']""")
OPEN_URL = re.compile(rb"""src=["'](http://[^"']+/o/[^"']+)["']""")


@dataclass(frozen=True, slots=True)
class Arrived:
    """One mail as it arrived: its links in order of appearance, and its pixel."""

    recipient: str
    links: tuple[str, ...]
    pixel: str


def arrived(path: Path) -> Iterator[Arrived]:
    """Yield every mail in the mailbox, read from the bytes that came over the wire."""
    with opened(path) as store:
        for kept, raw in store.walk():
            text = quopri.decodestring(raw)
            links = [html.unescape(url.decode()) for url in CLICK_URL.findall(text)]
            pixel = OPEN_URL.search(text)
            yield Arrived(
                recipient=kept.recipient,
                links=tuple(dict.fromkeys(links)),
                pixel=html.unescape(pixel.group(1).decode()) if pixel else "",
            )
