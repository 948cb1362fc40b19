"""Reads across all domains, for Home and the search."""

from sincerely.web.queries.programme import beginning, health, permission_by_type, week
from sincerely.web.queries.searching import search

__all__ = ["beginning", "health", "permission_by_type", "search", "week"]
