"""The names of the stored sets, and of which of them a criterion is made."""

from __future__ import annotations

from dataclasses import dataclass

# The row whose turn grows with each taking of touches.
TAKER = "taker"
OF_MAILING = (
    "sent",
    "received",
    "opened",
    "clicked",
    "bounced",
    "unsubscribed",
    "complained",
    "unknown",
)


def name_of(kind: str, key: int | str = "") -> str:
    """Return the name of a stored set: `list:7`, `opened:12`, `field:language`, `everyone`."""
    return f"{kind}:{key}" if key != "" else kind


def with_value(field: str, value: str) -> str:
    """Return the name of the set of those whose field has this (folded) value."""
    return f"field:{field}={value}"


@dataclass(frozen=True, slots=True)
class Kept:
    """The union of some stored sets without the union of others.

    It may be used where all of `needs` are ready (all that are named, unless given). A value that
    nobody has has no set: it needs only the field's own.
    """

    plus: tuple[str, ...]
    minus: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()

    @property
    def needed(self) -> tuple[str, ...]:
        """The sets that must be ready."""
        return self.needs or (*self.plus, *self.minus)

    @property
    def names(self) -> tuple[str, ...]:
        """Every set that is named."""
        return (*self.plus, *self.minus, *self.needs)
