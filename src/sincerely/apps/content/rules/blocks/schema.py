"""What a kind of block is: its settings, their limits, and how it is drawn as MJML.

The same declaration cleans what arrives, draws the settings panel of the editor and the plain
form, and fills in defaults, so the three cannot drift apart.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from sincerely.apps.content.rules.blocks.rich import (
    clean_rich,
    clean_snippet,
    clean_url,
    links_in,
)
from sincerely.apps.content.rules.look import BrandLook

Settings = Mapping[str, Any]
FieldKind = Literal["line", "rich", "url", "image", "choice", "code", "items"]
LIMITS = {"line": 500, "rich": 40_000, "url": 2_000, "image": 2_000, "code": 100_000}


def gettext_noop(text: str) -> str:
    """Mark a text for translation; pages translate it when they show it."""
    return text


@dataclass(frozen=True, slots=True)
class Field:
    """One setting of a block. `choices` are (value, words); `fields` describe an item."""

    name: str
    kind: FieldKind
    label: str
    default: Any = ""
    choices: tuple[tuple[str, str], ...] = ()
    fields: tuple[Field, ...] = ()
    least: int = 0
    most: int = 0
    on_canvas: bool = False

    def clean(self, value: Any, settings: Mapping[str, Any]) -> Any:
        """Return the value as it may be stored; what cannot be used becomes the default."""
        if self.kind == "items":
            return self._clean_items(value)
        if self.kind == "choice":
            allowed = {choice for choice, _ in self.choices}
            return value if isinstance(value, str) and value in allowed else self.default
        if not isinstance(value, str):
            return self.default
        value = value[: LIMITS[self.kind]]
        return _clean_text(self.kind, value, settings)

    def _clean_items(self, value: Any) -> list[dict[str, Any]]:
        rows = value if isinstance(value, list) else self.default or []
        items = [clean_settings(self.fields, row) for row in rows[: self.most or None]]
        while len(items) < self.least:
            items.append(clean_settings(self.fields, {}))
        return items


def _clean_text(kind: str, value: str, settings: Mapping[str, Any]) -> str:
    if kind == "rich":
        return clean_rich(value)
    if kind == "url":
        return clean_url(value)
    if kind == "image":
        return value.strip() if value.startswith("/") else clean_url(value)
    if kind == "code":
        return value if settings.get("language") == "mjml" else clean_snippet(value)
    return " ".join(value.split())


def clean_settings(fields: tuple[Field, ...], raw: Any) -> dict[str, Any]:
    """Return settings with exactly these fields, each cleaned or at its default."""
    given = raw if isinstance(raw, dict) else {}
    return {
        field.name: field.clean(given.get(field.name, field.default), given) for field in fields
    }


@dataclass(frozen=True, slots=True)
class Link:
    """A link of a block: its address, the words that carry it, and the role it plays."""

    url: str
    text: str
    role: str = "content"


@dataclass(frozen=True, slots=True)
class Paint:
    """What a block is drawn with: the brand's look and the mail's language."""

    look: BrandLook
    language: str = "en"


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of block. `says_something` is false for what only decorates or is locked."""

    type: str
    name: str
    hint: str
    fields: tuple[Field, ...]
    draw: Callable[[Settings, Paint], str]
    says_something: bool = True
    is_locked: bool = False
    role: str = "content"

    def links(self, settings: Settings) -> list[Link]:
        """Return the links of a block of this kind, in reading order."""
        return _links(self.fields, settings, settings.get("role", self.role))


def _links(fields: tuple[Field, ...], settings: Settings, role: str) -> list[Link]:
    found: list[Link] = []
    for field in fields:
        value = settings.get(field.name)
        if field.kind == "url" and value:
            words = settings.get("label") or settings.get("alt") or settings.get("name") or ""
            found.append(Link(url=value, text=str(words), role=role))
        elif field.kind in {"rich", "code"} and value:
            found.extend(Link(url=url, text=words) for url, words in links_in(value) if url)
        elif field.kind == "items":
            for item in value or []:
                found.extend(_links(field.fields, item, role))
    return found
