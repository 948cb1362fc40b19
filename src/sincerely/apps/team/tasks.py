"""Regular work of the team domain."""

from __future__ import annotations

from datetime import datetime
from threading import Event

from sincerely.apps.team.actions import forget_old_answers


def forget_answers(*, now: datetime, owner: str, stop: Event) -> bool:
    """Delete kept API answers past their time; True means that there is more to do at once."""
    return forget_old_answers(now=now)
