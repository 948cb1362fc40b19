"""Reads of the interests domain: a contact's labels and the labels' holders."""

from __future__ import annotations

from sincerely.apps.interests.queries.certainty import Holding, Place, holdings, ordered_holders
from sincerely.apps.interests.queries.drift import drift
from sincerely.apps.interests.queries.holders import (
    BulkPreview,
    LabelFigures,
    bulk_preview,
    holder_counts,
    holders,
    label_figures,
)
from sincerely.apps.interests.queries.labels import (
    HeldLabel,
    changes_of,
    labels_of,
    labels_version,
    routes_of,
)

__all__ = [
    "BulkPreview",
    "HeldLabel",
    "Holding",
    "LabelFigures",
    "Place",
    "bulk_preview",
    "changes_of",
    "drift",
    "holder_counts",
    "holders",
    "holdings",
    "label_figures",
    "labels_of",
    "labels_version",
    "ordered_holders",
    "routes_of",
]
