"""The gallery: rules that most programmes need, ready to be adapted. R054 and R055 are here.

Each is a function of what a member picks first (a mailing or a label), if anything.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sincerely.apps.segments.rules.marking import gettext_noop

_ = gettext_noop
Rule = dict[str, Any]
YEAR_DAYS = 52 * 7
SEEN: Rule = {"criterion": "cannot_tell", "test": "no"}


def unopened(mailing_id: int) -> Rule:
    """Return who received a mailing but did not open it."""
    return {"criterion": "mail", "test": "did_not", "did": "opened", "mailing": mailing_id}


def last_open(test: str, **more: int) -> Rule:
    """Return a criterion on the last open."""
    return {"criterion": "date", "of": "last_open", "test": test, **more}


def asleep_since(mailing_id: int) -> Rule:
    """R054's two blocks, without those whose opens cannot be seen."""
    old = last_open("more_than_days_ago", days=YEAR_DAYS)
    blocks = [
        {"all": [unopened(mailing_id), old]},
        {"all": [unopened(mailing_id), last_open("unknown")]},
    ]
    return {"all": [{"any": blocks}, SEEN]}


def unengaged_by_count() -> Rule:
    """R055: never engaged in the last 11 sends, or not in the last 16; at least 11 sends in all."""
    silent = {"criterion": "count", "of": "sent_since_engaged"}
    never = [
        last_open("unknown"),
        {"criterion": "date", "of": "last_click", "test": "unknown"},
        {**silent, "at_least": 11},
    ]
    return {
        "all": [
            {"criterion": "count", "of": "sent", "at_least": 11},
            {"any": [{"all": never}, {**silent, "at_least": 16}]},
            SEEN,
        ]
    }


def unengaged_by_time() -> Rule:
    """No open and no click for 52 weeks, mailed, and with us long enough to have had a chance."""

    def silent(of: str) -> Rule:
        return {
            "any": [
                {"criterion": "date", "of": of, "test": "more_than_days_ago", "days": YEAR_DAYS},
                {"criterion": "date", "of": of, "test": "unknown"},
            ]
        }

    with_us = {
        "any": [
            {"criterion": "date", "of": "signed_up", "test": "more_than_days_ago", "days": 90},
            {"criterion": "date", "of": "created", "test": "more_than_days_ago", "days": 90},
        ]
    }
    return {
        "all": [
            {"criterion": "date", "of": "last_sent", "test": "known"},
            silent("last_open"),
            silent("last_click"),
            with_us,
            SEEN,
        ]
    }


def engaged() -> Rule:
    """Opened or clicked in the last 90 days."""
    return {
        "any": [
            {"criterion": "date", "of": "last_open", "test": "within_days", "days": 90},
            {"criterion": "date", "of": "last_click", "test": "within_days", "days": 90},
        ]
    }


def interested(label_id: int) -> Rule:
    """Clicked on a label at least twice in 90 days."""
    return {"criterion": "label_clicks", "label": label_id, "at_least": 2, "days": 90}


def drifting() -> Rule:
    """Engaged once, but not in the last half year."""
    return {
        "all": [
            {
                "any": [
                    {"criterion": "date", "of": "last_open", "test": "known"},
                    {"criterion": "date", "of": "last_click", "test": "known"},
                ]
            },
            {
                "none": [
                    {"criterion": "date", "of": "last_open", "test": "within_days", "days": 182},
                    {"criterion": "date", "of": "last_click", "test": "within_days", "days": 182},
                ]
            },
            SEEN,
        ]
    }


def new_people() -> Rule:
    """Signed up or added in the last 30 days."""
    return {
        "any": [
            {"criterion": "date", "of": "signed_up", "test": "within_days", "days": 30},
            {
                "all": [
                    {"criterion": "date", "of": "signed_up", "test": "unknown"},
                    {"criterion": "date", "of": "created", "test": "within_days", "days": 30},
                ]
            },
        ]
    }


def cannot_tell() -> Rule:
    """Whose opens cannot be seen."""
    return {"criterion": "cannot_tell"}


@dataclass(frozen=True, slots=True)
class ReadyMade:
    """One entry of the gallery. `picks` is what must be chosen first: mailing, label or nothing."""

    key: str
    name: str
    description: str
    make: Callable[..., Rule]
    picks: str = ""


GALLERY: tuple[ReadyMade, ...] = (
    ReadyMade(
        "interested",
        _("Interested lately"),
        _("Clicked at least twice in 90 days on links with a label that you choose."),
        interested,
        picks="label",
    ),
    ReadyMade(
        "engaged",
        _("Engaged"),
        _("Opened or clicked in the last 90 days: the people who want your mail."),
        engaged,
    ),
    ReadyMade(
        "new",
        _("New people"),
        _("Signed up or added in the last 30 days."),
        new_people,
    ),
    ReadyMade(
        "drifting",
        _("Drifting away"),
        _("Opened or clicked once, but not in the last half year."),
        drifting,
    ),
    ReadyMade(
        "unopened_and_asleep",
        _("Did not open a campaign, and asleep for a year"),
        _(
            "Received the campaign that you choose, did not open it, and opened nothing for more "
            "than 52 weeks or ever. The start of a re-engagement run."
        ),
        asleep_since,
        picks="mailing",
    ),
    ReadyMade(
        "unengaged_by_count",
        _("All unengaged, by number of mails"),
        _("Never engaged and 11 mails unanswered, or engaged once but not in the last 16 mails."),
        unengaged_by_count,
    ),
    ReadyMade(
        "unengaged_by_time",
        _("All unengaged, by time"),
        _("Mailed, but neither opened nor clicked for more than 52 weeks or ever."),
        unengaged_by_time,
    ),
    ReadyMade(
        "cannot_tell",
        _("Cannot tell"),
        _("Opens cannot be seen: tracking refused, or only machines load the mail."),
        cannot_tell,
    ),
)


def ready_made(key: str) -> ReadyMade | None:
    """Return an entry of the gallery."""
    return next((entry for entry in GALLERY if entry.key == key), None)
