"""What the editor island is given at the start: state, kinds, choices, addresses, words."""

from __future__ import annotations

from typing import Any

from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _

from sincerely.apps.content.models import Content
from sincerely.apps.content.queries.editing import choices
from sincerely.apps.content.queries.looks import look_of
from sincerely.apps.content.rules.blocks import KINDS
from sincerely.apps.content.rules.blocks.footer import words_for
from sincerely.apps.content.rules.blocks.schema import Field, Kind
from sincerely.apps.content.rules.document import check_document
from sincerely.apps.content.rules.editing import STATE
from sincerely.apps.content.views.editor_words import words

ICONS = {
    "header": "home",
    "text": "cursor-text",
    "image": "photo",
    "button": "click",
    "columns": "columns",
    "product": "shopping-cart",
    "divider": "separator-horizontal",
    "spacer": "square-rounded-plus",
    "social": "share",
    "confirm": "heart-handshake",
    "reply": "message-reply",
    "source": "code",
    "footer": "lock",
}


def setup_of(content: Content, document: dict[str, Any]) -> dict[str, Any]:
    """Return the island's setup as plain values for JSON."""
    state = {field: getattr(content, field) for field in STATE} | {"document": document}
    problems = check_document(document) if content.mode == "blocks" else []
    return {
        "id": content.pk,
        "revision": content.revision,
        "state": state,
        "kinds": [_kind(kind) for kind in KINDS.values()],
        "choices": choices(),
        "standard": _standard_fields(),
        "brand": _brand(content),
        "urls": _urls(content.pk),
        "problems": [
            {"message": _(p.message), "block": p.block_id, "is_wall": p.is_wall} for p in problems
        ],
        "words": words(),
    }


def _kind(kind: Kind) -> dict[str, Any]:
    return {
        "type": kind.type,
        "name": _(kind.name),
        "hint": _(kind.hint),
        "icon": ICONS[kind.type],
        "isLocked": kind.is_locked,
        "fields": [_field(field) for field in kind.fields],
        "defaults": {field.name: field.clean(field.default, {}) for field in kind.fields},
    }


def _field(field: Field) -> dict[str, Any]:
    return {
        "name": field.name,
        "kind": field.kind,
        "label": _(field.label),
        "choices": [[value, _(label)] for value, label in field.choices],
        "fields": [_field(inner) for inner in field.fields],
        "least": field.least,
        "most": field.most,
        "onCanvas": field.on_canvas,
    }


def _standard_fields() -> list[dict[str, str]]:
    return [
        {"key": "first_name", "name": _("First name")},
        {"key": "last_name", "name": _("Last name")},
        {"key": "email", "name": _("E-mail address")},
        {"key": "language", "name": _("Language")},
    ]


def _brand(content: Content) -> dict[str, Any]:
    look = look_of(content.brand)
    path = look.logo_url.removeprefix(look.base_url)
    said = words_for(content.language)
    return {
        "name": look.name,
        "accent": look.accent,
        "onAccent": look.on_accent,
        "ink": look.ink,
        "link": look.link,
        "ground": look.ground,
        "tint": look.tint,
        "headingFont": look.heading_font,
        "bodyFont": look.body_font,
        "logo": path,
        "postalAddress": ", ".join(look.postal_address.splitlines()),
        "footer": said | {"why": said["why"].format(name=look.name)},
    }


def _urls(content_id: int) -> dict[str, str]:
    return {
        "save": reverse("content:save", args=[content_id]),
        "versions": reverse("content:versions", args=[content_id]),
        "version": reverse("content:version", args=[content_id, 0]),
        "restore": reverse("content:restore", args=[content_id, 0]),
        "text": reverse("content:generated-text", args=[content_id]),
        "keep": reverse("content:keep", args=[content_id]),
        "blocks": reverse("content:saved-blocks"),
        "viewers": reverse("content:viewers"),
        "weigh": reverse("content:weigh-rule"),
        "upload": reverse("content:upload"),
        "images": reverse("content:choose-image"),
        "preview": _reverse("content:preview", content_id),
        "links": _reverse("content:links", content_id),
    }


def _reverse(name: str, content_id: int) -> str:
    try:
        return reverse(name, args=[content_id])
    except NoReverseMatch:
        return ""
