"""The runner's step of the consent domain."""

from __future__ import annotations

import threading
from datetime import datetime

from sincerely.apps.consent.actions.sealing import seal_next


def seal(*, now: datetime, owner: str, stop: threading.Event) -> bool:
    """Seal a slice of new consent records; True where more are waiting."""
    return False if stop.is_set() else seal_next(now=now)
