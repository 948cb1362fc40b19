"""Writes of the engagement domain."""

from __future__ import annotations

from sincerely.apps.engagement.actions.mailings import (
    LinkSpec,
    label_link,
    register_mailing,
    replace_links,
    start_mailing,
)

__all__ = ["LinkSpec", "label_link", "register_mailing", "replace_links", "start_mailing"]
