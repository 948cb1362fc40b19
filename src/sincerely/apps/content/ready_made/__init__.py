"""The ready-made designs: JSON files whose texts stand in four languages."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

LANGUAGES = ("en", "nl", "sv", "da")
ORDER = (
    "newsletter",
    "announcement",
    "promotion",
    "welcome",
    "products",
    "event",
    "digest",
    "thanks",
    "survey",
    "winback",
)


@dataclass(frozen=True, slots=True)
class Design:
    """One ready-made design in one language; `document` is the editor's JSON."""

    key: str
    name: str
    description: str
    subject: str
    preheader: str
    document: dict[str, Any]
    language: str


@cache
def _read(key: str) -> str:
    return files(__name__).joinpath(f"{key}.json").read_text(encoding="utf-8")


def design(key: str, language: str = "en") -> Design:
    """Return the design in the language (English where we lack it); KeyError if unknown."""
    if key not in ORDER:
        raise KeyError(key)
    spoken = language[:2].lower() if language[:2].lower() in LANGUAGES else "en"
    said = _in(json.loads(_read(key)), spoken)
    return Design(
        key=key,
        name=said["name"],
        description=said["description"],
        subject=said["subject"],
        preheader=said["preheader"],
        document={"version": 1, "blocks": said["blocks"]},
        language=spoken,
    )


def designs(language: str = "en") -> list[Design]:
    """Return all designs in the order in which the gallery shows them."""
    return [design(key, language) for key in ORDER]


def _in(value: Any, language: str) -> Any:
    """Return the value with each {"en": …, "nl": …} replaced by the one in the language."""
    if isinstance(value, dict):
        if "en" in value and set(value) <= set(LANGUAGES):
            return value.get(language, value["en"])
        return {name: _in(inner, language) for name, inner in value.items()}
    if isinstance(value, list):
        return [_in(inner, language) for inner in value]
    return value
