"""Reads of the segments domain."""

from sincerely.apps.segments.queries.people import people
from sincerely.apps.segments.queries.previewing import Preview, preview
from sincerely.apps.segments.queries.reading import selected_set
from sincerely.apps.segments.queries.segments import (
    members,
    passages,
    segment,
    segments,
    segments_after,
    segments_using,
    stays_of,
)
from sincerely.apps.segments.queries.selecting import (
    count,
    count_query,
    following,
    matching,
    page_after,
    preceding,
    sample,
    selected_ids,
)
from sincerely.apps.segments.queries.stored import (
    current_sets,
    recipients_by_deed,
    recipients_who,
)
from sincerely.apps.segments.surroundings import catalogue_of, full_catalogue, moment_at

__all__ = [
    "Preview",
    "catalogue_of",
    "count",
    "count_query",
    "current_sets",
    "following",
    "full_catalogue",
    "matching",
    "members",
    "moment_at",
    "page_after",
    "passages",
    "people",
    "preceding",
    "preview",
    "recipients_by_deed",
    "recipients_who",
    "sample",
    "segment",
    "segments",
    "segments_after",
    "segments_using",
    "selected_ids",
    "selected_set",
    "stays_of",
]
