"""Fixes that one click makes: what a finding's `fix` names, done to the draft."""

from __future__ import annotations

import copy
import json
from datetime import datetime
from typing import Any

from django.db import transaction

from sincerely.apps.content.actions.editing import save_draft
from sincerely.apps.content.actions.links import review_links
from sincerely.apps.content.compiler import compile_draft
from sincerely.apps.content.models import Content, Mode
from sincerely.apps.content.queries.relevance import holders
from sincerely.apps.content.rules.confirming import leads_to_preferences, with_hosted_page
from sincerely.apps.content.rules.fallbacks import FALLBACKS, with_fallback
from sincerely.apps.engagement.rules.tokens import CONFIRM_PAGE
from sincerely.apps.team.rules import Actor


class NotFixable(ValueError):
    """There is no such fix, or this mail does not need it."""


def apply_fix(
    content_id: int, *, fix: str, place: str = "", now: datetime, actor: Actor
) -> Content:
    """Make one fix and return the draft as it is then; raises NotFixable."""
    if fix == "review_links":
        return review_links(content_id, now=now, actor=actor)
    with transaction.atomic():
        content = Content.objects.select_related("brand").get(pk=content_id)
        changes = _changes(content, fix, place)
        if not changes:
            raise NotFixable("There is nothing to fix.")
        return save_draft(
            content_id,
            base_revision=content.revision,
            changes=changes,
            now=now,
            actor=actor,
        )


def _changes(content: Content, fix: str, place: str) -> dict[str, Any]:
    if fix == "https" and place.lower().startswith("http://"):
        return _replaced(content, place, f"https://{place[7:]}")
    if fix == "regenerate_text":
        return {"text": "", "is_text_edited": False}
    if fix == "fallback" and place in FALLBACKS:
        return _with_fallback(content, place)
    if fix == "confirm_page":
        return _with_hosted_page(content, place)
    return _dynamic(content) if fix == "dynamic" else {}


def _with_hosted_page(content: Content, place: str) -> dict[str, Any]:
    """Let a confirm button lead to our thank-you page; `place` is its block or its address."""
    if leads_to_preferences(place):
        return _replaced(content, place, CONFIRM_PAGE)
    document = with_hosted_page(content.document, place)
    return {"document": document} if document else {}


def _replaced(content: Content, old: str, new: str) -> dict[str, Any]:
    """Another address everywhere, and its label with it."""
    choices = {new if url == old else url: choice for url, choice in content.link_choices.items()}
    document = json.loads(json.dumps(content.document).replace(_quoted(old), _quoted(new)))
    return {
        "document": document,
        "source": content.source.replace(old, new),
        "text": content.text.replace(old, new),
        "link_choices": choices,
    }


def _quoted(text: str) -> str:
    return json.dumps(text)[1:-1]


def _with_fallback(content: Content, name: str) -> dict[str, Any]:
    word = FALLBACKS[name].get(content.language[:2], FALLBACKS[name]["en"])
    return {
        "subject": with_fallback(content.subject, name, word),
        "preheader": with_fallback(content.preheader, name, word),
        "source": with_fallback(content.source, name, word),
        "text": with_fallback(content.text, name, word),
        "document": _in_texts(content.document, name, word),
    }


def _in_texts(value: Any, name: str, word: str) -> Any:
    if isinstance(value, str):
        return with_fallback(value, name, word)
    if isinstance(value, list):
        return [_in_texts(item, name, word) for item in value]
    if isinstance(value, dict):
        return {key: _in_texts(item, name, word) for key, item in value.items()}
    return value


def _dynamic(content: Content) -> dict[str, Any]:
    """Show each block whose links carry labels only to holders of one of them (R025).

    Header and footer stay for everybody. A block that has a rule already keeps it.
    """
    if content.mode != Mode.BLOCKS:
        return {}
    document = copy.deepcopy(content.document)
    changed = False
    for block in document["blocks"]:
        labels = _labels_of(content, block)
        if labels and not block.get("shown_to") and block["type"] not in ("header", "footer"):
            block["shown_to"] = {"any": holders(labels)}
            changed = True
    return {"document": document} if changed else {}


def _labels_of(content: Content, block: dict[str, Any]) -> list[int]:
    """Return the labels of one block's links, as they count in the whole mail."""
    alone = Content(
        name=content.name,
        brand=content.brand,
        document={"version": 1, "blocks": [block]},
        subject=content.subject,
        language=content.language,
        link_choices=content.link_choices,
    )
    links = compile_draft(alone).links
    return sorted({link.label_id for link in links if link.label_id is not None})
