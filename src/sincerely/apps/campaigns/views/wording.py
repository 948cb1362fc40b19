"""What stands in the way of a launch, in words, with the place where it is mended."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _

from sincerely.apps.campaigns.models import Campaign
from sincerely.apps.campaigns.rules.stages import Wall


@dataclass(frozen=True, slots=True)
class WallWords:
    """One wall as the page shows it."""

    title: str
    text: str
    fix_href: str
    fix_label: str


def wall_words(wall: Wall, campaign: Campaign) -> WallWords:
    """Return the words for a wall of this campaign."""
    title, text, tab, label = _words(wall)
    return WallWords(title, text, reverse(f"campaigns:{tab}", args=[campaign.pk]), label)


def _words(wall: Wall) -> tuple[str, str, str, str]:
    known = {
        "content": (_("The mail cannot be made"), wall.detail, "write", _("Mend it")),
        "links_changed": (
            _("A link was changed after you looked at the links"),
            _("Look at it once more: %(links)s") % {"links": wall.detail},
            "links",
            _("Review the links"),
        ),
        "no_type": (
            _("No subscription type"),
            _("Choose which kind of mail this is; only people who agreed to it get it."),
            "write",
            _("Choose"),
        ),
        "audience": (_("The audience has a mistake"), wall.detail, "people", _("Mend it")),
        "no_audience": (
            _("Nobody is chosen"),
            _("Choose who gets this campaign."),
            "people",
            _("Choose people"),
        ),
        "nobody": (
            _("Nobody would get it"),
            _("Everybody in the audience is left out; the reasons stand beside the audience."),
            "people",
            _("See why"),
        ),
        "no_sender": (
            _("No sender"),
            _("Choose the name and address that the mail comes from."),
            "write",
            _("Choose"),
        ),
        "transport": (
            _("This transport cannot mail contacts yet"),
            wall.detail,
            "write",
            _("Choose another transport"),
        ),
    }
    return known[wall.code]
