"""Reads of drafts and frozen versions."""

from __future__ import annotations

from sincerely.apps.content.models import Content, ContentVersion
from sincerely.apps.content.renderer import Renderer
from sincerely.apps.content.rules.compiled import Compiled


def content_of(content_id: int) -> Content | None:
    """Return a draft with its brand, or None."""
    return Content.objects.select_related("brand").filter(pk=content_id).first()


def contents(*, after: int = 0, limit: int = 100) -> list[Content]:
    """Return drafts in order of id, after one."""
    rows = Content.objects.select_related("brand").filter(pk__gt=after).order_by("pk")
    return list(rows.defer("brand__logo")[:limit])


def version_of(mailing_id: int) -> ContentVersion | None:
    """Return the newest frozen version of a mailing, or None."""
    return ContentVersion.objects.filter(mailing_id=mailing_id).order_by("-pk").first()


def renderer_of(version_id: int) -> Renderer:
    """Return a renderer for a frozen version; keep it, it remembers what it encoded."""
    version = ContentVersion.objects.only("compiled").get(pk=version_id)
    return Renderer(Compiled.from_json(version.compiled))
