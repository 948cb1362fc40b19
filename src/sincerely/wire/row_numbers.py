"""Numbers of rows as forms and addresses say them: one that a row can have, or none."""

from __future__ import annotations

from collections.abc import Iterable

MOST_DIGITS = 18  # one more does not fit what both databases keep


def row_number(text: str) -> int | None:
    """Return the number that the text is, or None: no row has any other.

    Python also takes '²' for a digit and '१' for a number, and both databases break at one that is
    too large.
    """
    is_one = text.isascii() and text.isdecimal() and len(text) <= MOST_DIGITS
    return int(text) if is_one else None


def row_numbers(texts: Iterable[str]) -> list[int]:
    """Return those of the texts that are numbers of rows, in their order."""
    found = map(row_number, texts)
    return [number for number in found if number is not None]
