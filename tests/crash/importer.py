"""A runner whose imports and undos commit every few rows: kills land between commits, too."""

from __future__ import annotations

from threading import Event

from sincerely.apps.people.actions import importing, undoing
from sincerely.engines.runner import main
from tests.crash.scale import sized

ROWS = sized(160, 250, 2_500)  # about four transactions between two kills


def run(stop: Event) -> None:
    """Run until told to stop."""
    importing.SLICE = importing.SMALLEST = ROWS
    importing.LONGEST_SECONDS = 0.0
    undoing.FIRST_SLICE = undoing.SMALLEST_SLICE = undoing.LARGEST_SLICE = ROWS
    main.run(stop)
