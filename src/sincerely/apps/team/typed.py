"""What is typed before an act that reaches many: one number, read alike on every page."""

from __future__ import annotations

import re

from sincerely.apps.team.numbers import grouped

TYPED_ABOVE = 1000
# What the world puts between thousands: spaces of any width, points, commas, apostrophes.
BETWEEN_THOUSANDS = re.compile(r"[\s.,'’_]")


def asked_for(count: int, *, always: bool = False) -> str:
    """Return the number to type as the page shows it; '' where so few need no typing."""
    return grouped(count) if always or count > TYPED_ABOVE else ""


def is_number(typed: str, count: int) -> bool:
    """Say whether the number was typed, bare or grouped as any language groups it."""
    return BETWEEN_THOUSANDS.sub("", typed) == str(count)
