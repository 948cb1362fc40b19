"""Reads of the team domain."""

from __future__ import annotations

from sincerely.apps.team.models import Organisation


def organisation() -> Organisation | None:
    """Return the organisation, or None before the set-up."""
    return Organisation.objects.filter(pk=1).first()
