"""Which signals become events, and under which name. Pure."""

from __future__ import annotations

EVENT_OF = {"open": "opened", "click": "clicked"}
COUNTING_ROLES = frozenset({"content", "action", "confirm"})
# Clicks on these tell an interest. Confirming is an act; unsubscribing and small print are neither.
TELLING_ROLES = frozenset({"content", "action"})
CONFIRMING_ROLE = "confirm"


def event_of(kind: str, role: str | None) -> str | None:
    """Return the event that a signal becomes; None for clicks on system links."""
    if kind == "click" and role not in COUNTING_ROLES:
        return None
    return EVENT_OF.get(kind)
