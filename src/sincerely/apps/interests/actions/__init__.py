"""Writes of the interests domain: labels given and taken, clicks learnt, labels merged."""

from __future__ import annotations

from sincerely.apps.interests.actions.assigning import assign, assign_many, remove, undo_many
from sincerely.apps.interests.actions.learning import learn, rebuild

__all__ = [
    "assign",
    "assign_many",
    "learn",
    "rebuild",
    "remove",
    "undo_many",
]
