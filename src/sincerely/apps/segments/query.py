"""What the SQL reading of a rule gives: one statement that yields contact ids."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class ContactQuery:
    """`sql` selects one column, `contact_id`, each id once; `%s` places take `params` in order."""

    sql: str
    params: tuple[Any, ...] = field(default=())
