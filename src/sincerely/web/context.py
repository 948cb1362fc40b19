"""What every page needs: the menu, the organisation's name, who is here and what they may."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from sincerely.apps.team.models import Member
from sincerely.apps.team.queries import organisation
from sincerely.apps.team.rules import Capability, may
from sincerely.web.navigation import menu


def frame(request: HttpRequest) -> dict[str, Any]:
    """Return the frame's variables; strangers get a frame without a menu."""
    member = getattr(request, "user", None)
    if not isinstance(member, Member):
        return {"frame_member": None, "frame_menu": []}
    return {
        "frame_member": member,
        "frame_may": {one.value: may(member.role, one) for one in Capability},
        "frame_menu": menu(member.role, request.path),
        "frame_organisation": organisation(),
        "frame_is_part": bool(getattr(request, "htmx", False)),
    }
