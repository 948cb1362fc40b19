"""Writes of the content domain."""

from __future__ import annotations

from sincerely.apps.content.actions.drafts import create_content, delete_content
from sincerely.apps.content.actions.freezing import freeze

__all__ = ["create_content", "delete_content", "freeze"]
