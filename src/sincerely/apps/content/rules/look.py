"""The brand as a mail sees it: colours and their arithmetic, fonts, logo, footer facts."""

from __future__ import annotations

import re
from dataclasses import dataclass

HEX = re.compile(r"#[0-9a-fA-F]{6}\Z")
PAPER = "#ffffff"
INK = "#1c2321"


@dataclass(frozen=True, slots=True)
class BrandLook:
    """What a brand gives to the design; `base_url` makes stored image paths absolute."""

    name: str
    accent_colour: str = "#2f6f5e"
    text_colour: str = "#22302c"
    background_colour: str = "#f6f4ef"
    heading_font: str = "Georgia, serif"
    body_font: str = "Arial, Helvetica, sans-serif"
    logo_url: str = ""
    postal_address: str = ""
    privacy_url: str = ""
    base_url: str = ""

    def absolute(self, address: str) -> str:
        """Return an image's address as a mail program can fetch it."""
        return f"{self.base_url}{address}" if address.startswith("/") else address

    @property
    def accent(self) -> str:
        """The accent colour, or a calm green where the stored one is not a colour."""
        return colour(self.accent_colour, "#2f6f5e")

    @property
    def ink(self) -> str:
        """The colour of text on paper, never too pale to read (WCAG AA, 4.5 : 1)."""
        ink = colour(self.text_colour, INK)
        return ink if contrast(ink, PAPER) >= 4.5 else INK

    @property
    def ground(self) -> str:
        """The colour around the paper."""
        return colour(self.background_colour, "#f6f4ef")

    @property
    def tint(self) -> str:
        """A breath of the accent for quiet panels."""
        return mix(self.accent, PAPER, 0.08)

    @property
    def on_accent(self) -> str:
        """White, dark or black text on the accent: the first that can be read (AA)."""
        readable = (text for text in (PAPER, INK) if contrast(text, self.accent) >= 4.5)
        return next(readable, "#000000")

    @property
    def link(self) -> str:
        """The colour of links: the accent, or the text's own where the accent is too pale."""
        return self.accent if contrast(self.accent, PAPER) >= 4.5 else self.ink


def colour(value: str, fallback: str) -> str:
    """Return the value where it is a six-digit hex colour, else the fallback."""
    return value if HEX.match(value) else fallback


def mix(over: str, under: str, share: float) -> str:
    """Return `over` laid on `under` with the given opacity (0–1)."""
    pairs = zip(_channels(over), _channels(under), strict=True)
    return "#" + "".join(f"{round(o * share + u * (1 - share)):02x}" for o, u in pairs)


def contrast(one: str, other: str) -> float:
    """Return the WCAG 2 contrast ratio of two colours, 1 to 21."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _channels(value: str) -> tuple[int, int, int]:
    return int(value[1:3], 16), int(value[3:5], 16), int(value[5:7], 16)


def _luminance(value: str) -> float:
    red, green, blue = (_linear(channel / 255) for channel in _channels(value))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4
