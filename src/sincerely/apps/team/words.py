"""Words of the team pages: what roles and capabilities are called and what they mean."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from sincerely.apps.team.rules import Capability, Role

ROLE_NAMES = {
    Role.OWNER: _("Owner"),
    Role.EDITOR: _("Editor"),
    Role.ANALYST: _("Analyst"),
    Role.VIEWER: _("Viewer"),
}
ROLE_MEANINGS = {
    Role.OWNER: _("Does everything, and looks after the team, brands and settings."),
    Role.EDITOR: _("Looks after people and permission, writes mail and sends it."),
    Role.ANALYST: _("Reads everything and takes numbers and lists out."),
    Role.VIEWER: _("Reads everything, changes nothing."),
}
CAPABILITY_NAMES = {
    Capability.VIEW: _("See people, mail and labels"),
    Capability.EDIT_CONTACTS: _("Add, import and change people"),
    Capability.EXPORT: _("Take lists out as files"),
    Capability.EDIT_CONTENT: _("Write mail, templates and labels"),
    Capability.SEND: _("Send mail"),
    Capability.EDIT_CONSENT: _("Record permission, opt-outs and suppressions"),
    Capability.VIEW_REPORTS: _("See reports"),
    Capability.VIEW_AUDIT: _("See the audit trail"),
    Capability.EDIT_SETTINGS: _("Change brands, senders and settings"),
    Capability.EDIT_TEAM: _("Invite members and change roles"),
}
