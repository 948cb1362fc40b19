"""The menu, declared once; an entry appears when its page exists and is permitted."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

from django.urls import Resolver404, resolve
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from sincerely.apps.team.rules import Capability, may


@dataclass(frozen=True, slots=True)
class Page:
    """One page of the menu, named by its path."""

    label: str | Promise
    path: str
    capability: Capability = Capability.VIEW


@dataclass(frozen=True, slots=True)
class Section:
    """One section of the menu; it leads to the first of its pages that may be seen."""

    label: str | Promise
    icon: str
    prefix: str
    pages: tuple[Page, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """A section or page as it is shown."""

    label: str | Promise
    path: str
    icon: str = ""
    current: bool = False
    pages: list[Entry] = field(default_factory=list)


MAP: tuple[Section, ...] = (
    Section(_("Home"), "home", "/", (Page(_("Home"), "/"),)),
    Section(
        _("People"),
        "users",
        "/people/",
        (
            Page(_("Contacts"), "/people/"),
            Page(_("Lists"), "/people/lists/"),
            Page(_("Segments"), "/people/segments/"),
            Page(_("Labels"), "/people/labels/"),
            Page(_("Import"), "/people/import/", Capability.EDIT_CONTACTS),
            Page(_("Diagnosis"), "/people/diagnosis/"),
            Page(_("Export"), "/people/export/", Capability.EXPORT),
            Page(_("Fields"), "/people/fields/"),
            Page(_("Suppression"), "/people/suppression/"),
            Page(_("Subscription types"), "/people/subscription-types/"),
            Page(_("Why / why not"), "/people/why/"),
        ),
    ),
    Section(
        _("Mail"),
        "mail",
        "/mail/",
        (
            Page(_("Campaigns"), "/mail/campaigns/"),
            Page(_("Contents"), "/mail/content/"),
            Page(_("Templates"), "/mail/templates/"),
            Page(_("Saved blocks"), "/mail/saved-blocks/", Capability.EDIT_CONTENT),
            Page(_("Images"), "/mail/images/", Capability.EDIT_CONTENT),
            Page(_("Test mailbox"), "/mail/test-mailbox/"),
        ),
    ),
    Section(
        _("Reports"),
        "chart-bar",
        "/reports/",
        (Page(_("Reports"), "/reports/", Capability.VIEW_REPORTS),),
    ),
    Section(
        _("Settings"),
        "settings",
        "/settings/",
        (
            Page(_("Overview"), "/settings/"),
            Page(_("Members"), "/settings/members/", Capability.EDIT_TEAM),
            Page(_("Roles"), "/settings/roles/"),
            Page(_("Brands"), "/settings/brands/", Capability.EDIT_SETTINGS),
            Page(_("Thank-you page"), "/settings/thank-you/", Capability.EDIT_CONTENT),
            Page(_("Senders"), "/settings/senders/", Capability.EDIT_SETTINGS),
            Page(_("Transports"), "/settings/transports/", Capability.EDIT_SETTINGS),
            Page(_("Caps and quiet hours"), "/settings/limits/", Capability.SEND),
            Page(_("API keys"), "/settings/api-keys/", Capability.EDIT_SETTINGS),
            Page(_("Audit trail"), "/settings/audit/", Capability.VIEW_AUDIT),
            Page(_("System"), "/settings/system/", Capability.EDIT_SETTINGS),
        ),
    ),
)


ACCOUNT = "/account/"


@lru_cache(maxsize=256)
def exists(path: str) -> bool:
    """Say whether a page stands at this path; the answer is fixed while the process lives."""
    try:
        resolve(path)
    except Resolver404:
        return False
    return True


def menu(role: str, path: str) -> list[Entry]:
    """Return the sections that this role may see, the current one with its pages."""
    entries = []
    path = f"/settings{path}" if path.startswith(ACCOUNT) else path  # reached from the profile
    for section in MAP:
        pages = [page for page in section.pages if exists(page.path) and may(role, page.capability)]
        if not pages:
            continue
        here = path == "/" if section.prefix == "/" else path.startswith(section.prefix)
        shown = _mark([Entry(page.label, page.path) for page in pages], path) if here else []
        entries.append(
            Entry(
                label=section.label,
                path=pages[0].path,
                icon=section.icon,
                current=here,
                pages=shown if len(shown) > 1 else [],
            )
        )
    return entries


def _mark(pages: list[Entry], path: str) -> list[Entry]:
    """Mark the page with the longest path that the current path begins with."""
    matching = [page.path for page in pages if path.startswith(page.path)]
    best = max(matching, key=len, default="")
    return [Entry(page.label, page.path, current=page.path == best) for page in pages]
