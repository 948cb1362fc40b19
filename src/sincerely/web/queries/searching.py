"""The search of every page: prefixes of people (indexed), words of the few other things."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Model, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from sincerely.apps.campaigns.models import Campaign
from sincerely.apps.contacts.models import ContactList
from sincerely.apps.contacts.queries import contacts_by_id, find_prefix
from sincerely.apps.content.models import Template
from sincerely.apps.labels.models import Label
from sincerely.apps.segments.models import Segment
from sincerely.apps.team.rules import may
from sincerely.web.navigation import MAP, exists

EACH = 8


@dataclass(frozen=True, slots=True)
class Hit:
    """One thing that was found."""

    name: str | Promise
    path: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """What was found of one kind."""

    name: str | Promise
    icon: str
    hits: list[Hit]


def search(text: str, *, role: str) -> list[Group]:
    """Return what matches, a few of each kind; kinds without a hit are left out."""
    groups = [
        Group(_("People"), "users", _people(text)),
        Group(_("Campaigns"), "mail", _named(Campaign.objects.all(), text, "/mail/campaigns/")),
        Group(_("Labels"), "tag", _named(Label.objects.all(), text, "/people/labels/")),
        Group(_("Segments"), "filter", _named(Segment.objects.all(), text, "/people/segments/")),
        Group(_("Lists"), "list", _named(ContactList.objects.all(), text, "/people/lists/")),
        Group(
            _("Templates"),
            "template",
            _named(Template.objects.all(), text, "/mail/templates/", page="{}edit/"),
        ),
        Group(_("Pages"), "settings", _pages(text, role)),
    ]
    return [group for group in groups if group.hits]


def _people(text: str) -> list[Hit]:
    ids = find_prefix(text, limit=EACH)
    found = contacts_by_id(ids)
    people = (found[one] for one in ids if one in found)
    return [Hit(str(one), f"/people/{one.pk}/", one.address) for one in people]


def _named(rows: QuerySet[Model], text: str, root: str, *, page: str = "{}") -> list[Hit]:
    """Find by a part of the name: there are hundreds of these, not millions."""
    found: Iterable[Model] = rows.filter(name__icontains=text, archived_at=None).order_by("-pk")
    return [Hit(str(one), _page(root, page.format(f"{one.pk}/"))) for one in list(found)[:EACH]]


def _page(root: str, rest: str) -> str:
    return root + rest if exists(root + rest) else root


def _pages(text: str, role: str) -> list[Hit]:
    wanted = text.casefold()
    return [
        Hit(page.label, page.path, str(section.label))
        for section in MAP
        for page in section.pages
        if wanted in str(page.label).casefold() and exists(page.path) and may(role, page.capability)
    ][:EACH]
