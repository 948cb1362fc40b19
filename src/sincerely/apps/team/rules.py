"""Who may do what: roles, capabilities, API scopes and the actor of an act. Pure."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta
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


LINK_VALID = timedelta(hours=1)
INVITATION_VALID = timedelta(days=7)
KEY_PREFIX = "snc_"

ROLE_ORDER = (Role.OWNER, Role.EDITOR, Role.ANALYST, Role.VIEWER)


def leaves_an_owner(owner_ids: frozenset[int], member_id: int) -> bool:
    """Say whether somebody still owns the installation after this member stops being an owner."""
    return bool(owner_ids - {member_id})


def matrix() -> list[tuple[Capability, list[bool]]]:
    """Return every capability with, for each role of `ROLE_ORDER`, whether it is permitted."""
    return [
        (capability, [capability in PERMITTED[role] for role in ROLE_ORDER])
        for capability in Capability
    ]


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio (1–21) of two colours written #rrggbb (WCAG 2.2, 1.4.3)."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    channels = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def hash_secret(secret: str) -> bytes:
    """Return what is stored of an API key; keys are random, so a plain hash is enough."""
    return hashlib.sha256(secret.encode()).digest()


def masked(address: str) -> str:
    """Return an address of which one knows again what one knows, and learns nothing else."""
    local, _at, domain = address.strip().rpartition("@")
    if not local or "." not in domain:
        return "…"
    return f"{local[0]}…@{domain[:60].lower()}"
