"""Does the subscription type match what the audience agreed to? (R062, R063)"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fit:
    """How many of the audience gave permission for the chosen type, and what fits better."""

    audience_count: int
    permitted_count: int
    proposed_type_id: int | None
    is_mixed: bool

    @property
    def ratio(self) -> float:
        """The share (0-1) of the audience that may get this type."""
        return self.permitted_count / self.audience_count if self.audience_count else 0.0


def fit(
    permitted_by_type: Mapping[int, int],
    *,
    audience_count: int,
    chosen_type_id: int | None,
    default_type_id: int,
) -> Fit:
    """Judge the chosen type against how many of the audience permit each type.

    Proposed is the type that most of them permit, if that is more than the chosen one has; where
    several types each cover less than 90 % of those who permit anything, the audience is mixed and
    the default type is proposed (with the legal caveat; it still needs permission).
    """
    chosen = permitted_by_type.get(chosen_type_id, 0) if chosen_type_id is not None else 0
    held = {type_id: count for type_id, count in permitted_by_type.items() if count > 0}
    if not held:
        return Fit(audience_count, chosen, None, is_mixed=False)
    modal = min(held, key=lambda type_id: (-held[type_id], type_id))
    is_mixed = len(held) > 1 and held[modal] < 0.9 * max(audience_count, 1)
    proposed: int | None = default_type_id if is_mixed else modal
    if proposed == chosen_type_id or (not is_mixed and held[modal] <= chosen):
        proposed = None
    return Fit(audience_count, chosen, proposed, is_mixed=is_mixed)
