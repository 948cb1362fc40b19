"""Reads of the engagement domain."""

from __future__ import annotations

from sincerely.apps.engagement.queries.figures import (
    Figures,
    figures_of,
    labels_clicked,
    links_clicked,
    over_time,
)
from sincerely.apps.engagement.queries.recipients import (
    BEHAVIOURS,
    clickers,
    is_known,
    recipients,
)
from sincerely.apps.engagement.queries.timeline import engagement_of, events_of, place_of
from sincerely.apps.engagement.queries.watermarks import (
    capture_store,
    position,
    unfolded_unsubscribes,
)

__all__ = [
    "BEHAVIOURS",
    "Figures",
    "capture_store",
    "clickers",
    "engagement_of",
    "events_of",
    "figures_of",
    "is_known",
    "labels_clicked",
    "links_clicked",
    "over_time",
    "place_of",
    "position",
    "recipients",
    "unfolded_unsubscribes",
]
