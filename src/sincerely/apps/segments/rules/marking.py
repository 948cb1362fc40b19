"""Marking sentences for translation, in rules that know no framework."""

from __future__ import annotations

from collections.abc import Callable

Say = Callable[[str], str]


def gettext_noop(text: str) -> str:
    """Mark a text for translation and return it; `Say` translates it later."""
    return text
