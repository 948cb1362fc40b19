"""Moves on a document that the plain form makes one at a time: add, copy, move, delete. Pure."""

from __future__ import annotations

import copy
from typing import Any

from sincerely.apps.content.rules.blocks import KINDS
from sincerely.apps.content.rules.document import tidy

Document = dict[str, Any]
STATE = (
    *("name", "subject", "preheader", "language", "mode", "document", "source"),
    *("text", "is_text_edited", "link_choices"),
)


def fresh_id(document: Document) -> str:
    """Return an id that no block of the document has."""
    taken = {row["id"] for row in document["blocks"]}
    taken |= {row["otherwise"]["id"] for row in document["blocks"] if row.get("otherwise")}
    number = len(taken) + 1
    while f"b{number}" in taken:
        number += 1
    return f"b{number}"


def with_block(document: Document, block: dict[str, Any], *, after: str = "") -> Document:
    """Return the document with a copy of the block after the named one, or before the footer."""
    changed = copy.deepcopy(document)
    added = copy.deepcopy(block) | {"id": fresh_id(changed)}
    added.pop("otherwise", None)
    place = _place(changed, after)
    at = len(changed["blocks"]) - 1 if place is None else place + 1
    changed["blocks"].insert(at, added)
    return tidy(changed)


def command(document: Document, words: str) -> Document:
    """Return the document after `add:TYPE`, `copy:ID`, `up:ID`, `down:ID` or `delete:ID`.

    What makes no sense (an unknown block, the footer) changes nothing.
    """
    verb, _, subject = words.partition(":")
    changed = tidy(document)
    if verb == "add" and subject in KINDS and not KINDS[subject].is_locked:
        return with_block(changed, {"type": subject, "settings": {}})
    place = _place(changed, subject)
    if place is None or KINDS[changed["blocks"][place]["type"]].is_locked:
        return changed
    if verb == "copy":
        return with_block(changed, changed["blocks"][place], after=subject)
    if verb == "delete":
        del changed["blocks"][place]
    if verb in {"up", "down"}:
        target = place + (1 if verb == "down" else -1)
        if 0 <= target < len(changed["blocks"]) - 1:
            changed["blocks"].insert(target, changed["blocks"].pop(place))
    return tidy(changed)


def renamed_blocks(document: Document) -> Document:
    """Return the document with ids b1, b2 …, alternatives included: for copies and templates."""
    changed = tidy(document)
    number = 0
    for row in changed["blocks"]:
        for block in (row, row.get("otherwise")):
            if block:
                number += 1
                block["id"] = f"b{number}"
    return tidy(changed)


def _place(document: Document, block_id: str) -> int | None:
    ids = [row["id"] for row in document["blocks"]]
    return ids.index(block_id) if block_id in ids else None
