"""Three suggested next steps at most, each with its reason, from a few facts. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from sincerely.apps.team.rules import Capability, may

SHOWN = 3
LONG_SILENCE_DAYS = 21


@dataclass(frozen=True, slots=True)
class Facts:
    """What the suggestions look at."""

    contacts: int
    mailable: int
    active_ratio: float | None
    labels: int
    labelled_links: int
    segments: int
    days_since_last_mail: int | None
    drafts: int
    has_outside_transport: bool
    sample_loaded: bool


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One next step: what, why, where."""

    title: str | Promise
    reason: str | Promise
    path: str
    action: str | Promise
    icon: str


@dataclass(frozen=True, slots=True)
class _Rule:
    applies: Callable[[Facts], bool]
    capability: Capability
    suggestion: Suggestion


def _silent(facts: Facts) -> bool:
    days = facts.days_since_last_mail
    return facts.mailable > 0 and facts.drafts == 0 and (days is None or days > LONG_SILENCE_DAYS)


RULES: tuple[_Rule, ...] = (
    _Rule(
        lambda facts: facts.contacts == 0,
        Capability.EDIT_CONTACTS,
        Suggestion(
            _("Bring your people in"),
            _("Everything here begins with somebody who wants to hear from you."),
            "/people/import/",
            _("Import a file"),
            "file-import",
        ),
    ),
    _Rule(
        lambda facts: facts.contacts > 0 and facts.mailable == 0,
        Capability.EDIT_CONSENT,
        Suggestion(
            _("Record who agreed"),
            _("There are people, but no permission to write to them is recorded yet."),
            "/people/import/",
            _("Import with permission"),
            "shield-check",
        ),
    ),
    _Rule(
        lambda facts: facts.drafts > 0,
        Capability.EDIT_CONTENT,
        Suggestion(
            _("Finish the mail that you began"),
            _("A draft is waiting. Often it needs less than one thinks."),
            "/mail/campaigns/",
            _("See the drafts"),
            "edit",
        ),
    ),
    _Rule(
        _silent,
        Capability.SEND,
        Suggestion(
            _("Say hello"),
            _("It has been quiet for a while. People who hear nothing forget why they agreed."),
            "/mail/campaigns/new/",
            _("Write a mail"),
            "mail",
        ),
    ),
    _Rule(
        lambda facts: facts.labels == 0,
        Capability.EDIT_CONTENT,
        Suggestion(
            _("Name what people may care about"),
            _("A click on a labelled link tells you what somebody likes. Five labels are plenty."),
            "/people/labels/",
            _("Make labels"),
            "tag",
        ),
    ),
    _Rule(
        lambda facts: facts.labels > 0 and facts.labelled_links == 0,
        Capability.EDIT_CONTENT,
        Suggestion(
            _("Put labels on your links"),
            _("Labels exist, but no link carries one, so no click can teach you anything."),
            "/mail/campaigns/",
            _("To the campaigns"),
            "link",
        ),
    ),
    _Rule(
        lambda facts: facts.active_ratio is not None and facts.active_ratio < 0.3,
        Capability.EDIT_CONTACTS,
        Suggestion(
            _("Write to those who listen"),
            _("Most people have not opened or clicked for ninety days. Smaller lists land better."),
            "/people/segments/",
            _("Make a segment"),
            "filter",
        ),
    ),
    _Rule(
        lambda facts: facts.mailable > 0 and facts.segments == 0,
        Capability.EDIT_CONTACTS,
        Suggestion(
            _("Pick out a group"),
            _("Fewer, wanted mails: write to those whom this one is for."),
            "/people/segments/new/",
            _("Make a segment"),
            "filter",
        ),
    ),
    _Rule(
        lambda facts: facts.mailable > 0 and not facts.has_outside_transport,
        Capability.EDIT_SETTINGS,
        Suggestion(
            _("Let mail leave the house"),
            _("Everything goes to the test mailbox now. Real people need a relay or a provider."),
            "/settings/transports/",
            _("Add a transport"),
            "send",
        ),
    ),
    _Rule(
        lambda facts: facts.mailable > 0,
        Capability.VIEW_REPORTS,
        Suggestion(
            _("See what moved people"),
            _("The latest figures show which mails and labels were worth it."),
            "/reports/",
            _("To the reports"),
            "chart-bar",
        ),
    ),
)


def suggest(facts: Facts, *, role: str) -> list[Suggestion]:
    """Return at most three steps that make sense now and that this role may take."""
    fitting = [
        rule.suggestion for rule in RULES if may(role, rule.capability) and rule.applies(facts)
    ]
    return fitting[:SHOWN]
