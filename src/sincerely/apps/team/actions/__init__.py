"""Writes of the team domain, each with its entry in the audit trail."""

from sincerely.apps.team.actions.answers import (
    claim_answer,
    forget_old_answers,
    keep_answer,
)
from sincerely.apps.team.actions.brands import archive_brand, create_brand, edit_brand
from sincerely.apps.team.actions.keys import create_key, revoke_key
from sincerely.apps.team.actions.links import (
    LinkSpent,
    invite,
    issue_owner_link,
    issue_password_link,
    join,
    withdraw_invitation,
)
from sincerely.apps.team.actions.members import (
    LastOwner,
    change_role,
    edit_profile,
    set_activity,
    turn_off_second_step,
)
from sincerely.apps.team.actions.organisation import edit_organisation, set_up_organisation
from sincerely.apps.team.actions.refusals import note_refused_login
from sincerely.apps.team.actions.trail import audit

__all__ = [
    "LastOwner",
    "LinkSpent",
    "archive_brand",
    "audit",
    "change_role",
    "claim_answer",
    "create_brand",
    "create_key",
    "edit_brand",
    "edit_organisation",
    "edit_profile",
    "forget_old_answers",
    "invite",
    "issue_owner_link",
    "issue_password_link",
    "join",
    "keep_answer",
    "note_refused_login",
    "revoke_key",
    "set_activity",
    "set_up_organisation",
    "turn_off_second_step",
    "withdraw_invitation",
]
