"""Writes of the editor: drafts with revisions, templates, saved blocks.

Autosave never loses anything: a save names the revision it started from, and where somebody else
has saved in between it is refused and nothing is overwritten. Kept versions are the states at the
end of each five minutes of one member's work, so a day's typing is a short list.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from sincerely.apps.content.models import Content, ContentRevision, SavedBlock, Template
from sincerely.apps.content.ready_made import design
from sincerely.apps.content.rules.document import tidy
from sincerely.apps.content.rules.editing import STATE, clean_changes, renamed_blocks
from sincerely.apps.team.actions import audit
from sincerely.apps.team.rules import Actor

BURST = timedelta(minutes=5)
MOST_VERSIONS = 200


class EditConflict(Exception):
    """Somebody else has saved since; `content` is what stands now."""

    def __init__(self, content: Content) -> None:
        super().__init__("The mail has been changed by somebody else.")
        self.content = content


class DraftClosed(EditConflict):
    """A mailing has this mail as it stands: it is about to leave, or has left."""

    def __str__(self) -> str:
        return "The mail belongs to a campaign that is scheduled or has left."


class UnknownDesign(LookupError):
    """There is no such template."""


def create_from_template(
    template_key_or_id: str | int,
    *,
    name: str,
    brand_id: int,
    language: str,
    now: datetime,
    actor: Actor,
) -> Content:
    """Store a new draft made from a ready-made design or an own template, and return it.

    Raises UnknownDesign.
    """
    fields = _design_fields(str(template_key_or_id), language)
    with transaction.atomic():
        content = Content.objects.create(
            name=name.strip()[:200] or fields["subject"][:200],
            brand_id=brand_id,
            created_at=now,
            changed_at=now,
            **fields,
        )
        _keep_version(content, now=now, actor=actor)
        audit(
            actor,
            "content.created",
            now=now,
            subject=content,
            detail={"template": str(template_key_or_id)},
        )
    return content


def _design_fields(key: str, language: str) -> dict[str, Any]:
    if not key.isdigit():
        try:
            ready = design(key, language)
        except KeyError:
            raise UnknownDesign(key) from None
        return {
            "document": renamed_blocks(ready.document),
            "subject": ready.subject,
            "preheader": ready.preheader,
            "language": language,
        }
    own = Template.objects.filter(pk=int(key), archived_at=None).first()
    if own is None:
        raise UnknownDesign(key)
    return {
        "mode": own.mode,
        "document": renamed_blocks(own.document),
        "source": own.source,
        "subject": own.subject,
        "language": language or own.language,
    }


def save_draft(
    content_id: int,
    *,
    base_revision: int,
    changes: dict[str, Any],
    now: datetime,
    actor: Actor,
) -> Content:
    """Store the changed fields of a draft (names in rules.editing.STATE) as its next revision.

    Nothing changes, and no revision is used up, where the state is the same. Raises EditConflict
    (DraftClosed among them), BadDocument, Content.DoesNotExist.
    """
    changes = clean_changes(changes)
    with transaction.atomic():
        content = Content.objects.select_for_update().get(pk=content_id)
        if content.closed_at is not None:
            raise DraftClosed(content)
        if content.revision != base_revision:
            raise EditConflict(content)
        before = state_of(content)
        for field, value in changes.items():
            setattr(content, field, value)
        if state_of(content) == before:
            return content
        content.revision += 1
        content.changed_at = now
        content.save(update_fields=[*changes, "revision", "changed_at"])
        if _keep_version(content, now=now, actor=actor):
            audit(actor, "content.edited", now=now, subject=content)
    return content


def restore_version(
    content_id: int, *, revision: int, base_revision: int, now: datetime, actor: Actor
) -> Content:
    """Make an older version the newest revision; what stands now stays in the list of versions."""
    kept = ContentRevision.objects.get(content_id=content_id, revision=revision)
    with transaction.atomic():
        content = save_draft(
            content_id,
            base_revision=base_revision,
            changes={field: kept.state[field] for field in STATE},
            now=now,
            actor=actor,
        )
        audit(actor, "content.restored", now=now, subject=content, detail={"revision": revision})
    return content


def state_of(content: Content) -> dict[str, Any]:
    """Return what a version of the draft holds."""
    return {field: getattr(content, field) for field in STATE}


def save_as_template(
    content_id: int, *, name: str, description: str, now: datetime, actor: Actor
) -> Template:
    """Store a draft's design as a template of one's own and return it."""
    content = Content.objects.get(pk=content_id)
    with transaction.atomic():
        template = Template.objects.create(
            name=name.strip()[:120],
            description=description.strip(),
            mode=content.mode,
            document=content.document,
            source=content.source,
            subject=content.subject,
            language=content.language,
            created_at=now,
        )
        audit(actor, "template.created", now=now, subject=template)
    return template


def edit_template(
    template_id: int, *, name: str, description: str, now: datetime, actor: Actor
) -> Template:
    """Store a template's name and description."""
    with transaction.atomic():
        template = Template.objects.get(pk=template_id)
        template.name, template.description = name.strip()[:120], description.strip()
        template.save(update_fields=["name", "description"])
        audit(actor, "template.edited", now=now, subject=template)
    return template


def archive_template(template_id: int, *, now: datetime, actor: Actor) -> None:
    """Take a template out of the gallery; drafts made from it are untouched."""
    with transaction.atomic():
        template = Template.objects.get(pk=template_id)
        template.archived_at = now
        template.save(update_fields=["archived_at"])
        audit(actor, "template.archived", now=now, subject=template)


class NameTaken(ValueError):
    """Another saved block has this name."""


def save_block(*, name: str, block: dict[str, Any], now: datetime, actor: Actor) -> SavedBlock:
    """Keep a block under a name; the same name again replaces it. Raises BadDocument."""
    tidied = tidy({"version": 1, "blocks": [block | {"id": "saved"}]})["blocks"][0]
    with transaction.atomic():
        saved, _ = SavedBlock.objects.update_or_create(
            name=name.strip()[:120],
            defaults={"block": tidied},
            create_defaults={"block": tidied, "created_at": now},
        )
        audit(actor, "block.saved", now=now, subject=saved, detail={"name": saved.name})
    return saved


def rename_saved_block(block_id: int, *, name: str, now: datetime, actor: Actor) -> None:
    """Call a saved block something else; raises NameTaken."""
    name = name.strip()[:120]
    with transaction.atomic():
        saved = SavedBlock.objects.select_for_update().get(pk=block_id)
        if SavedBlock.objects.filter(name=name).exclude(pk=block_id).exists():
            raise NameTaken(name)
        saved.name = name
        saved.save(update_fields=["name"])
        audit(actor, "block.renamed", now=now, subject=saved, detail={"name": name})


def delete_saved_block(block_id: int, *, now: datetime, actor: Actor) -> None:
    """Forget a saved block; mails that use it keep their copy."""
    with transaction.atomic():
        saved = SavedBlock.objects.filter(pk=block_id).first()
        if saved:
            audit(actor, "block.deleted", now=now, subject=saved, detail={"name": saved.name})
            saved.delete()


def _keep_version(content: Content, *, now: datetime, actor: Actor) -> bool:
    """Keep the state; within one burst of one member it replaces the last. True for a new one."""
    rows = ContentRevision.objects.filter(content=content)
    last = rows.order_by("-revision").first()
    begun_at = now.isoformat()
    is_new = True
    if last and last.member_id == actor.member_id and "begun_at" in last.state:
        begun = datetime.fromisoformat(last.state["begun_at"])
        if timedelta(0) <= now - begun < BURST and last.revision > 1:
            begun_at, is_new = last.state["begun_at"], False
            last.delete()
    ContentRevision.objects.create(
        content=content,
        revision=content.revision,
        state=state_of(content) | {"begun_at": begun_at},
        at=now,
        member_id=actor.member_id,
    )
    if is_new:
        oldest = rows.order_by("-revision").values_list("revision", flat=True)[MOST_VERSIONS:]
        rows.filter(revision__in=list(oldest)).delete()
    return is_new
