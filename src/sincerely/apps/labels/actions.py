"""Writes of the catalogue: create, edit, archive, default rules. `interests` merges."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from sincerely.apps.labels.models import Label, LabelKind, LinkRule
from sincerely.apps.labels.rules import BadName, checked_name
from sincerely.apps.team.actions import audit
from sincerely.apps.team.rules import Actor


@transaction.atomic
def create_label(
    name: str,
    *,
    now: datetime,
    actor: Actor,
    kind: str = LabelKind.CONTENT,
    description: str = "",
    is_public: bool = False,
) -> Label:
    """Store a label and return it; raises BadName, also (`taken`) where the name is in use."""
    row = Label.objects.create(
        name=_free_name(name, own_id=None),
        kind=kind,
        description=description,
        is_public=is_public,
        created_at=now,
    )
    audit(actor, "label created", now=now, subject=row, detail={"kind": str(kind)})
    return row


def create_labels(names: Iterable[str], *, now: datetime, actor: Actor) -> list[Label]:
    """Store several labels in one deliberate act; names that exist already are passed over."""
    with transaction.atomic():
        known = set(Label.objects.values_list("name", flat=True))
        fresh = [name for name in dict.fromkeys(names) if name not in known]
        return [create_label(name, now=now, actor=actor) for name in fresh]


@transaction.atomic
def edit_label(
    label_id: int,
    *,
    name: str,
    kind: str,
    description: str,
    is_public: bool,
    now: datetime,
    actor: Actor,
) -> Label:
    """Rename or describe a label; assignments, clicks and provenance stay with it."""
    row = Label.objects.get(pk=label_id)
    before = {"name": row.name, "kind": row.kind, "is_public": row.is_public}
    row.name = _free_name(name, own_id=row.pk)
    row.kind, row.description, row.is_public = kind, description, is_public
    row.save(update_fields=["name", "kind", "description", "is_public"])
    after = {"name": row.name, "kind": str(row.kind), "is_public": row.is_public}
    detail = {key: [before[key], after[key]] for key in before if before[key] != after[key]}
    audit(actor, "label changed", now=now, subject=row, detail=detail)
    return row


@transaction.atomic
def archive_label(label_id: int, *, archived: bool, now: datetime, actor: Actor) -> Label:
    """Stop offering a label, or offer it again; who holds it still does, and exports show it."""
    row = Label.objects.get(pk=label_id)
    row.archived_at = now if archived else None
    row.save(update_fields=["archived_at"])
    audit(actor, "label archived" if archived else "label restored", now=now, subject=row)
    return row


@transaction.atomic
def set_link_rule(pattern: str, *, label_id: int, now: datetime, actor: Actor) -> LinkRule:
    """Give links that fit the pattern this label by default; one label per pattern."""
    row, _is_new = LinkRule.objects.update_or_create(
        pattern=pattern.strip(), defaults={"label_id": label_id}
    )
    detail = {"pattern": row.pattern, "label": label_id}
    audit(actor, "link rule set", now=now, subject=row, detail=detail)
    return row


@transaction.atomic
def remove_link_rule(rule_id: int, *, now: datetime, actor: Actor) -> None:
    """Drop a default rule; links that already have the label keep it."""
    for row in LinkRule.objects.filter(pk=rule_id):
        audit(actor, "link rule removed", now=now, subject=row, detail={"pattern": row.pattern})
        row.delete()


def _free_name(raw: str, *, own_id: int | None) -> str:
    name = checked_name(raw)
    if Label.objects.filter(name=name).exclude(pk=own_id).exists():
        raise BadName("taken")
    return name
