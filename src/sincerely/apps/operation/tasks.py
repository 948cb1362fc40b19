"""The runner's step of the operation domain."""

from __future__ import annotations

import threading
from datetime import datetime

from sincerely.apps.operation.actions import sweep


def sweep_pieces(*, now: datetime, owner: str, stop: threading.Event) -> bool:
    """Remove pieces of files that a crash left unfinished."""
    return sweep(now=now)
