"""Reads of the catalogue of labels."""

from __future__ import annotations

from sincerely.apps.labels.models import Label, LinkRule


def labels(*, archived: bool = False, containing: str = "") -> list[Label]:
    """Return the labels in order of name; merged ones never, archived ones when asked for."""
    rows = Label.objects.filter(merged_into=None).order_by("name")
    if not archived:
        rows = rows.filter(archived_at=None)
    if containing:
        rows = rows.filter(name__icontains=containing)
    return list(rows)


def label(label_id: int) -> Label | None:
    """Return one label, or None."""
    return Label.objects.filter(pk=label_id).first()


def any_label_named(name: str) -> Label | None:
    """Return the label with exactly this name, archived and merged ones too, or None."""
    return next((row for row in Label.objects.filter(name=name) if row.name == name), None)


def link_rules(*, label_id: int | None = None) -> list[LinkRule]:
    """Return the default rules by URL pattern, of one label or of all."""
    rows = LinkRule.objects.select_related("label").order_by("pattern")
    return list(rows if label_id is None else rows.filter(label_id=label_id))


def link_patterns() -> list[tuple[str, int]]:
    """Return pattern and label id of each default rule whose label is on offer."""
    rows = LinkRule.objects.filter(label__archived_at=None)
    return list(rows.values_list("pattern", "label_id"))
