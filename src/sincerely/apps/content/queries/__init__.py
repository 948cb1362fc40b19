"""Reads of the content domain."""

from __future__ import annotations

from sincerely.apps.content.queries.contents import (
    content_of,
    contents,
    renderer_of,
    version_of,
)
from sincerely.apps.content.queries.people import known_fields, people_facts, shown_blocks

__all__ = [
    "content_of",
    "contents",
    "known_fields",
    "people_facts",
    "renderer_of",
    "shown_blocks",
    "version_of",
]
