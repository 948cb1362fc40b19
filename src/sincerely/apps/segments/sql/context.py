"""What a criterion's compiler may use: the moment, the catalogue, the SQL dialect."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection

from sincerely.apps.segments.rules.catalogue import Catalogue
from sincerely.apps.segments.rules.criterion import Node
from sincerely.apps.segments.rules.moment import Moment
from sincerely.apps.segments.sql.algebra import Part, Span


@dataclass(frozen=True, slots=True)
class Context:
    """The surroundings of one compilation."""

    moment: Moment
    catalogue: Catalogue

    @property
    def is_postgresql(self) -> bool:
        """True on PostgreSQL, False on SQLite."""
        return connection.vendor == "postgresql"

    def time(self, value: datetime) -> Any:
        """Return a time as the database compares it."""
        return connection.ops.adapt_datetimefield_value(value)

    def day(self, value: date) -> Any:
        """Return a day as the database compares it."""
        return connection.ops.adapt_datefield_value(value)

    def within(
        self, column: str, limits: tuple[datetime | None, datetime | None]
    ) -> tuple[str, tuple[Any, ...]]:
        """Return the condition that a known time lies within limits (see `rollups.bounds`)."""
        since, before = limits
        parts, params = [f"{column} IS NOT NULL"], []
        if since is not None:
            parts.append(f"{column} >= %s")
            params.append(self.time(since))
        if before is not None:
            parts.append(f"{column} < %s")
            params.append(self.time(before))
        return " AND ".join(parts), tuple(params)

    def span(self, column: str, limits: tuple[datetime | None, datetime | None]) -> Span:
        """Return the span of a rollup's date between limits."""
        since, before = (None if limit is None else self.time(limit) for limit in limits)
        return Span(column, since, before)


Compiler = Callable[[Node, Context], Part]
