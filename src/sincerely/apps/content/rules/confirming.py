"""Where the confirm button leads: to a thank-you page, never to the preference page. Pure.

A click on a link to the preference page is not tracked, so nobody could tell who wishes to stay.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from typing import Any

from sincerely.apps.content.rules.document import parse

_PREFERENCES = re.compile(r"\{\{-?\s*preferences_url\b|/p/preferences(?:[/?#]|\Z)")


def leads_to_preferences(url: str) -> bool:
    """Say whether an address, as its writer typed it, is the contact's preference page."""
    return bool(_PREFERENCES.search(url))


def misled_blocks(raw: Any) -> list[tuple[str, str]]:
    """Return (block id, address) of each confirm block that leads to the preference page."""
    return [
        (block.id, block.settings["url"])
        for block in parse(raw).walk()
        if block.type == "confirm" and leads_to_preferences(block.settings["url"])
    ]


def with_hosted_page(raw: dict[str, Any], block_id: str) -> dict[str, Any] | None:
    """Return the document with this confirm block leading to our page, None if there is none."""
    document = copy.deepcopy(raw)
    for block in _every(document):
        if block.get("id") == block_id and block.get("type") == "confirm":
            block["settings"] = {**block.get("settings", {}), "url": ""}
            return document
    return None


def _every(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for block in document.get("blocks", []):
        yield block
        if block.get("otherwise"):
            yield block["otherwise"]
