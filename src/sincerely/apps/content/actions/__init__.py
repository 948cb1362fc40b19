"""Writes of the content domain."""

from __future__ import annotations

from sincerely.apps.content.actions.drafts import create_content, delete_content
from sincerely.apps.content.actions.freezing import close_draft, freeze, open_draft

__all__ = ["close_draft", "create_content", "delete_content", "freeze", "open_draft"]
