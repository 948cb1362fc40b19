"""What reading a file must know of the installation, given from outside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo

from sincerely.apps.people.rules.choices import KnownField

FAR = datetime(9999, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class World:
    """Labels and fields by name and key, the key of addresses, the zone of dates without one."""

    address_key: bytes
    labels: Mapping[str, int]
    fields: Mapping[str, KnownField] = field(default_factory=dict)
    zone: tzinfo = UTC
    now: datetime = FAR
    zones: frozenset[str] = frozenset()
