"""The JSON API of content: one router per noun under /api/v1/content."""

from __future__ import annotations

from ninja import Router

from sincerely.apps.content.api import contents, templates

router = Router(tags=["content"])
router.add_router("", contents.router)
router.add_router("", templates.router)
