"""Moves on a document that the plain form makes: add, copy, shift, delete. Pure."""

from __future__ import annotations

import copy
from typing import Any

from sincerely.apps.content.rules.blocks import KINDS
from sincerely.apps.content.rules.blocks.schema import gettext_noop
from sincerely.apps.content.rules.document import BadDocument, Problem, tidy

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


TEXT_LIMITS = {
    "name": 200,
    "subject": 250,
    "preheader": 250,
    "language": 8,
    "mode": 6,
    "source": 512 * 1024,
    "text": 200_000,
}
MODES = ("blocks", "mjml", "html")
ROLES = ("content", "action", "confirm")


def clean_changes(raw: Any) -> dict[str, Any]:
    """Return what a page or program may change of a draft, each value in its type.

    Raises BadDocument for what is not known or not of its type; a document inside is tidied.
    """
    if not isinstance(raw, dict) or set(raw) - set(STATE):
        raise BadDocument([Problem("shape", gettext_noop("This cannot be edited here."))])
    changes: dict[str, Any] = {}
    for field, value in raw.items():
        changes[field] = _clean_change(field, value)
    if changes.get("mode", "blocks") not in MODES:
        raise BadDocument([Problem("mode", gettext_noop("This way of writing is unknown."))])
    if "name" in changes and not changes["name"].strip():
        raise BadDocument([Problem("name", gettext_noop("The mail needs a name."))])
    return changes


def _clean_change(field: str, value: Any) -> Any:
    if field == "document":
        return tidy(value)
    if field == "is_text_edited":
        return value is True
    if field == "link_choices":
        return _clean_choices(value)
    if not isinstance(value, str):
        raise BadDocument([Problem("shape", gettext_noop("This cannot be edited here."))])
    kept = value if field in {"source", "text"} else " ".join(value.split())
    return kept[: TEXT_LIMITS[field]]


def _clean_choices(value: Any) -> dict[str, dict[str, Any]]:
    choices: dict[str, dict[str, Any]] = {}
    for url, choice in list(value.items())[:500] if isinstance(value, dict) else ():
        if not isinstance(choice, dict):
            continue
        kept: dict[str, Any] = {}
        if "label" in choice and isinstance(choice["label"], int | None):
            kept["label"] = choice["label"]  # None: a member chose that it carries no label
        if choice.get("role") in ROLES:
            kept["role"] = choice["role"]
        if kept:
            choices[str(url)[:2000]] = kept
    return choices
