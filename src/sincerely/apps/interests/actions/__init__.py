"""Writes of the interests domain: labels given and taken, clicks learnt, labels merged."""

from __future__ import annotations

from sincerely.apps.interests.actions.assigning import assign, assign_many, remove, undo_many
from sincerely.apps.interests.actions.conversion import from_merged, to_merged
from sincerely.apps.interests.actions.learning import learn, rebuild
from sincerely.apps.interests.actions.merging import CannotMerge, merge_labels

__all__ = [
    "CannotMerge",
    "assign",
    "assign_many",
    "from_merged",
    "learn",
    "merge_labels",
    "rebuild",
    "remove",
    "to_merged",
    "undo_many",
]
