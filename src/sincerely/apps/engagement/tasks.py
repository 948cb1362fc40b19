"""Regular work of the engagement domain."""

from __future__ import annotations

from datetime import datetime, timedelta
from threading import Event

from django.conf import settings

from sincerely.apps.engagement.actions import forget_signals


def forget_old_signals(*, now: datetime, owner: str, stop: Event) -> bool:
    """Delete raw signals past their time; True means that there is more to do at once."""
    days = settings.KEEP_SIGNALS_DAYS
    return bool(days) and forget_signals(now - timedelta(days=days), now=now)
