"""Writes of the segments domain."""

from sincerely.apps.segments.actions.refreshing import refresh
from sincerely.apps.segments.actions.saving import (
    NameTaken,
    archive_segment,
    create_segment,
    duplicate_segment,
    edit_segment,
    snapshot,
)

__all__ = [
    "NameTaken",
    "archive_segment",
    "create_segment",
    "duplicate_segment",
    "edit_segment",
    "refresh",
    "snapshot",
]
