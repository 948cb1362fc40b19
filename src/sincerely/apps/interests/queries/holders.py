"""Reads of a label's holders: how many, who, how strong."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db import connection
from django.db.models import Count, Q

from sincerely.apps.interests.models import ContactLabel


def holder_counts(label_ids: Iterable[int]) -> dict[int, int]:
    """Return how many contacts hold each label, from its index alone."""
    rows = ContactLabel.objects.filter(label_id__in=list(label_ids), is_held=True)
    return dict(rows.values_list("label_id").annotate(count=Count("pk")).order_by())


def holders(label_id: int, *, after: int = 0, limit: int = 50) -> list[int]:
    """Return ids of contacts who hold the label, above `after`, in order of id."""
    rows = ContactLabel.objects.filter(label_id=label_id, is_held=True, contact_id__gt=after)
    return list(rows.order_by("contact_id").values_list("contact_id", flat=True)[:limit])


@dataclass(frozen=True, slots=True)
class LabelFigures:
    """What a label's page shows: holders by route, and how strong the interest is among them."""

    holder_count: int
    by_route: dict[str, int]
    self_removed_count: int
    by_click_count: list[tuple[str, int]]
    human_click_count: int
    undecided_click_count: int


# Contacts per number of human clicks: one pass over the label's own index range. Who holds the
# label is looked up per contact: the classes are of holders, and those without a click the rest.
_CLICK_CLASSES = """
SELECT CASE WHEN clicks >= 10 THEN 4 WHEN clicks >= 5 THEN 3 WHEN clicks >= 2 THEN 2
            WHEN clicks = 1 THEN 1 ELSE 0 END AS class,
       SUM(CASE WHEN h.is_held THEN 1 ELSE 0 END), SUM(clicks), SUM(undecided)
FROM (SELECT contact_id, SUM(human_count) AS clicks, SUM(undecided_count) AS undecided
      FROM interests_labelday WHERE label_id = %s GROUP BY contact_id) AS c
LEFT JOIN interests_contactlabel h ON h.contact_id = c.contact_id AND h.label_id = %s
GROUP BY 1
"""
_CLASS_NAMES = ("0", "1", "2–4", "5–9", "10+")


def label_figures(label_id: int) -> LabelFigures:
    """Return the figures of one label."""
    rows = ContactLabel.objects.filter(label_id=label_id)
    routes = dict(
        rows.filter(is_held=True).values_list("route").annotate(count=Count("pk")).order_by()
    )
    with connection.cursor() as cursor:
        cursor.execute(_CLICK_CLASSES, [label_id, label_id])
        classes = {int(row[0]): row[1:] for row in cursor.fetchall()}
    clicked = [int(classes[i][0]) if i in classes else 0 for i in range(1, len(_CLASS_NAMES))]
    holder_count = sum(routes.values())
    counted = [holder_count - sum(clicked), *clicked]
    return LabelFigures(
        holder_count=holder_count,
        by_route=routes,
        self_removed_count=rows.filter(Q(is_held=False), is_self_removed=True).count(),
        by_click_count=list(zip(_CLASS_NAMES, counted, strict=True)),
        human_click_count=sum(int(row[1] or 0) for row in classes.values()),
        undecided_click_count=sum(int(row[2] or 0) for row in classes.values()),
    )


@dataclass(frozen=True, slots=True)
class BulkPreview:
    """What giving or taking a label would do to a choice of contacts."""

    change_count: int
    already_count: int
    refused_count: int


def bulk_preview(contact_ids: Sequence[int], label_id: int, *, give: bool) -> BulkPreview:
    """Count for whom it would be news, for whom nothing changes, and who removed it themselves."""
    held = refused = 0
    for start in range(0, len(contact_ids), 1000):
        rows = ContactLabel.objects.filter(
            label_id=label_id, contact_id__in=contact_ids[start : start + 1000]
        )
        held += rows.filter(is_held=True).count()
        refused += rows.filter(is_held=False, is_self_removed=True).count()
    total = len(contact_ids)
    if give:
        return BulkPreview(total - held - refused, held, refused)
    return BulkPreview(held, total - held, 0)
