"""Reads of the engagement domain."""

from __future__ import annotations

from sincerely.apps.engagement.queries.watermarks import (
    capture_store,
    position,
    unfolded_unsubscribes,
)

__all__ = ["capture_store", "position", "unfolded_unsubscribes"]
