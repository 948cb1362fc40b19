"""Reads of the editor: drafts, versions, templates, saved blocks, what to choose from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sincerely.apps.contacts.models import ContactList, FieldDefinition
from sincerely.apps.content.models import Content, ContentRevision, Mode, SavedBlock, Template
from sincerely.apps.content.ready_made import Design, design, designs
from sincerely.apps.labels.models import Label
from sincerely.apps.segments.models import Segment
from sincerely.apps.team.models import Brand, Member

MOST_CHOICES = 500


@dataclass(frozen=True, slots=True)
class Card:
    """One design in the gallery; `key` is a ready-made key or a template's id as text."""

    key: str
    name: str
    description: str
    subject: str
    is_ready_made: bool = False
    mode: str = Mode.BLOCKS.value


def draft(content_id: int) -> Content | None:
    """Return the draft with its brand, or None."""
    return Content.objects.select_related("brand").filter(pk=content_id).first()


def drafts(*, before: int | None = None, limit: int = 50) -> list[Content]:
    """Return the newest drafts below the id `before`."""
    rows = Content.objects.defer("document", "source", "text").order_by("-pk")
    return list((rows.filter(pk__lt=before) if before else rows)[:limit])


def versions(content_id: int, *, limit: int = 100) -> list[dict[str, Any]]:
    """Return the kept versions, newest first: revision, at, and who made it."""
    rows = list(
        ContentRevision.objects.filter(content_id=content_id)
        .order_by("-revision")
        .values("revision", "at", "member_id")[:limit]
    )
    names = dict(
        Member.objects.filter(pk__in={row["member_id"] for row in rows}).values_list("pk", "name")
    )
    return [row | {"member": names.get(row["member_id"] or 0, "")} for row in rows]


def version_state(content_id: int, revision: int) -> dict[str, Any] | None:
    """Return the state kept under a revision, or None."""
    row = ContentRevision.objects.filter(content_id=content_id, revision=revision).first()
    return row.state if row else None


def gallery(language: str) -> list[Card]:
    """Return own templates, newest first, then the ready-made designs."""
    own = [
        Card(str(row.pk), row.name, row.description, row.subject, mode=row.mode)
        for row in Template.objects.filter(archived_at=None).order_by("-pk")[:MOST_CHOICES]
    ]
    ready = [
        Card(item.key, item.name, item.description, item.subject, is_ready_made=True)
        for item in designs(language)
    ]
    return own + ready


def template(template_id: int) -> Template | None:
    """Return a template that is not archived, or None."""
    return Template.objects.filter(pk=template_id, archived_at=None).first()


def templates(*, after: int = 0, limit: int = 100) -> list[Template]:
    """Return own templates in order of id."""
    rows = Template.objects.filter(archived_at=None, pk__gt=after).order_by("pk")
    return list(rows[:limit])


def ready_design(key: str, language: str) -> Design | None:
    """Return a ready-made design in the language, or None."""
    try:
        return design(key, language)
    except KeyError:
        return None


def sample_of(key: str, *, language: str, brand: Brand) -> Content | None:
    """Return an unsaved draft that shows a design in a brand's look, or None."""
    if not key.isdigit():
        ready = ready_design(key, language)
        if ready is None:
            return None
        return Content(
            name=ready.name,
            brand=brand,
            document=ready.document,
            subject=ready.subject,
            preheader=ready.preheader,
            language=ready.language,
        )
    own = template(int(key))
    if own is None:
        return None
    return Content(
        name=own.name,
        brand=brand,
        mode=own.mode,
        document=own.document,
        source=own.source,
        subject=own.subject,
        language=own.language,
    )


def brand_for(brand_id: int | None = None) -> Brand | None:
    """Return the brand, or the first one that is in use."""
    rows = Brand.objects.filter(archived_at=None).order_by("pk")
    return rows.filter(pk=brand_id).first() if brand_id else rows.first()


def brands() -> list[Brand]:
    """Return the brands in use, by name."""
    return list(Brand.objects.filter(archived_at=None).defer("logo").order_by("name"))


def saved_blocks() -> list[SavedBlock]:
    """Return the saved blocks by name."""
    return list(SavedBlock.objects.order_by("name")[:MOST_CHOICES])


def saved_block(block_id: int) -> SavedBlock | None:
    """Return one saved block, or None."""
    return SavedBlock.objects.filter(pk=block_id).first()


def choices() -> dict[str, list[dict[str, Any]]]:
    """Return what a rule or a link can point to: labels, lists, segments, custom fields."""
    return {
        "labels": _named(Label.objects.filter(archived_at=None, merged_into=None)),
        "lists": _named(ContactList.objects.filter(archived_at=None)),
        "segments": _named(Segment.objects.filter(archived_at=None)),
        "fields": [
            dict(row)
            for row in FieldDefinition.objects.filter(archived_at=None)
            .order_by("name")
            .values("key", "name", "kind", "choices")
        ],
    }


def _named(rows: Any) -> list[dict[str, Any]]:
    return list(rows.order_by("name").values("id", "name")[:MOST_CHOICES])
