"""Who may do what: roles, capabilities, API scopes and the actor of an act. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a member is on the team."""

    OWNER = "owner"
    EDITOR = "editor"
    ANALYST = "analyst"
    VIEWER = "viewer"


class Capability(StrEnum):
    """One thing that a role permits; also the scopes of API keys."""

    VIEW = "view"
    EDIT_CONTACTS = "edit_contacts"
    EXPORT = "export"
    EDIT_CONTENT = "edit_content"
    SEND = "send"
    EDIT_CONSENT = "edit_consent"
    VIEW_REPORTS = "view_reports"
    VIEW_AUDIT = "view_audit"
    EDIT_SETTINGS = "edit_settings"
    EDIT_TEAM = "edit_team"


PERMITTED: dict[Role, frozenset[Capability]] = {
    Role.OWNER: frozenset(Capability),
    Role.EDITOR: frozenset(Capability)
    - {Capability.EDIT_SETTINGS, Capability.EDIT_TEAM, Capability.VIEW_AUDIT},
    Role.ANALYST: frozenset({Capability.VIEW, Capability.VIEW_REPORTS, Capability.EXPORT}),
    Role.VIEWER: frozenset({Capability.VIEW, Capability.VIEW_REPORTS}),
}


def may(role: str, capability: Capability) -> bool:
    """Say whether a role permits a capability; an unknown role permits nothing."""
    try:
        return capability in PERMITTED[Role(role)]
    except ValueError:
        return False


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: a member, an API key, or the program itself (both None)."""

    member_id: int | None = None
    api_key_id: int | None = None
    ip: str | None = None

    @property
    def is_program(self) -> bool:
        """True where no person and no key stands behind the act."""
        return self.member_id is None and self.api_key_id is None


PROGRAM = Actor()
