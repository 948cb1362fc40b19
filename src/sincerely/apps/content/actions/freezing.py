"""Freezing a mailing's content: compiled once, never edited, its links registered."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from sincerely.apps.content.actions.editing import EditConflict
from sincerely.apps.content.compiler import compile_content, rules_by_number
from sincerely.apps.content.models import Content, ContentVersion
from sincerely.apps.content.rules.compiled import CompiledLink
from sincerely.apps.engagement.actions import LinkSpec, replace_links


def freeze(
    content_id: int,
    *,
    mailing_id: int,
    now: datetime,
    utm: Mapping[str, Any] | None = None,
) -> ContentVersion:
    """Store the compiled content of a mailing, register its links, and return the version.

    The same content frozen again for the mailing returns the version that is there. UTM parameters
    are put on content links that lack them. Raises CompileProblem, Content.DoesNotExist.
    """
    content = Content.objects.select_related("brand").get(pk=content_id)
    compiled = compile_content(content, utm=utm)
    stored = compiled.as_json()
    rules = rules_by_number(content, compiled)
    content_hash = hash_of(stored, rules)
    with transaction.atomic():
        version = ContentVersion.objects.filter(
            mailing_id=mailing_id, content_hash=content_hash
        ).first()
        if version is None:
            version = ContentVersion.objects.create(
                content=content,
                mailing_id=mailing_id,
                compiled=stored,
                block_rules=rules,
                content_hash=content_hash,
                created_at=now,
            )
        replace_links(mailing_id, [_spec(link) for link in compiled.links])
    return version


def close_draft(content_id: int, *, revision: int, now: datetime) -> None:
    """Let nobody change a draft from now on: it leaves as it stands at this revision.

    Raises EditConflict where somebody has saved since.
    """
    with transaction.atomic():
        content = Content.objects.select_for_update().get(pk=content_id)
        if content.revision != revision:
            raise EditConflict(content)
        content.closed_at = now
        content.save(update_fields=["closed_at"])


def open_draft(content_id: int) -> None:
    """Let a draft be changed again: it does not leave after all."""
    Content.objects.filter(pk=content_id).update(closed_at=None)


def hash_of(stored: dict[str, Any], rules: dict[str, Any]) -> bytes:
    """Return the SHA-256 of a version's whole meaning, in canonical JSON."""
    whole = json.dumps([stored, rules], sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(whole.encode()).digest()


def _spec(link: CompiledLink) -> LinkSpec:
    return LinkSpec(link.number, link.url, link.text, link.role, link.label_id)
