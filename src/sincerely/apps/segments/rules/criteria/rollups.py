"""Criteria on dates and counts kept per contact: last open, last mailed, signed up, sends …"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sincerely.apps.segments.rules.catalogue import Catalogue
from sincerely.apps.segments.rules.criteria.labels import once
from sincerely.apps.segments.rules.criterion import Criterion, Node, Param, add
from sincerely.apps.segments.rules.marking import Say, gettext_noop
from sincerely.apps.segments.rules.moment import Moment
from sincerely.apps.segments.rules.person import Person

_ = gettext_noop
DATES = (
    ("last_open", _("the last open")),
    ("last_click", _("the last click")),
    ("last_sent", _("the last mail sent")),
    ("last_reply", _("the last reply")),
    ("signed_up", _("the sign-up")),
    ("created", _("the day they were added")),
)
TESTS = (
    ("more_than_days_ago", _("is more days ago than")),
    ("within_days", _("was in the last days")),
    ("before", _("is before")),
    ("after", _("is after")),
    ("between", _("is between")),
    ("known", _("is known")),
    ("unknown", _("is unknown")),
)
COUNTS = (
    ("sent", _("mails sent")),
    ("delivered", _("mails delivered")),
    ("opened", _("opens")),
    ("clicked", _("clicks")),
    ("sent_since_engaged", _("mails since the last open or click")),
)

ONE = {
    ("sent", "least"): _("with at least one mail sent"),
    ("sent", "most"): _("with at most one mail sent"),
    ("delivered", "least"): _("with at least one mail delivered"),
    ("delivered", "most"): _("with at most one mail delivered"),
    ("opened", "least"): _("with at least one open"),
    ("opened", "most"): _("with at most one open"),
    ("clicked", "least"): _("with at least one click"),
    ("clicked", "most"): _("with at most one click"),
    ("sent_since_engaged", "least"): _("with at least one mail since the last open or click"),
    ("sent_since_engaged", "most"): _("with at most one mail since the last open or click"),
}


def _with(*tests: str) -> Callable[[Node, Catalogue], bool]:
    def shown(node: Node, _catalogue: Catalogue) -> bool:
        return node.get("test", "more_than_days_ago") in tests

    return shown


def bounds(node: Node, moment: Moment) -> tuple[datetime | None, datetime | None]:
    """Return from when and until before when a date must lie; None is open."""
    test = node.get("test", "more_than_days_ago")
    if test == "more_than_days_ago":
        return None, moment.days_ago(node["days"])
    if test == "within_days":
        return moment.days_ago(node["days"]), None
    if test == "before":
        return None, moment.start_of(node["day"])
    if test == "after":
        return moment.start_of(node["day"], plus_days=1), None
    return moment.start_of(node["day"]), moment.start_of(node["to"], plus_days=1)


def is_within(value: datetime | None, limits: tuple[datetime | None, datetime | None]) -> bool:
    """Say whether a known time lies within the limits; an unknown one never does."""
    since, before = limits
    return (
        value is not None
        and (since is None or value >= since)
        and (before is None or value < before)
    )


def _date_holds(node: Node, person: Person, moment: Moment) -> bool:
    value = person.times.get(node.get("of", "last_open"))
    test = node.get("test", "more_than_days_ago")
    if test in ("known", "unknown"):
        return (value is None) is bool(test == "unknown")
    return is_within(value, bounds(node, moment))


def _count_holds(node: Node, person: Person, _moment: Moment) -> bool:
    count = person.counts.get(node.get("of", "sent"), 0)
    return bool(node.get("at_least", 1) <= count <= node.get("at_most", count))


def _date_problems(node: Node, _catalogue: Catalogue) -> list[tuple[str, dict[str, str]]]:
    if node.get("test") == "between" and node["day"] > node["to"]:
        return [(_("The end lies before the beginning."), {})]
    return []


def _count_problems(node: Node, _catalogue: Catalogue) -> list[tuple[str, dict[str, str]]]:
    least, most = node.get("at_least", 1), node.get("at_most")
    if most is None and least == 0:
        return [(_("'At least 0' holds for everybody: give a higher number or a limit."), {})]
    if most is not None and most < least:
        return [(_("The upper number is below the lower one."), {})]
    return []


DATE_PHRASES = {
    "more_than_days_ago": _("for whom {what} is more than {period} ago"),
    "within_days": _("for whom {what} was in the last {period}"),
    "before": _("for whom {what} is before {day}"),
    "after": _("for whom {what} is after {day}"),
    "between": _("for whom {what} is between {day} and {to}"),
    "known": _("for whom {what} is known"),
    "unknown": _("for whom {what} is unknown"),
}


def _period(days: int, say: Say) -> str:
    if days >= 28 and days % 7 == 0:
        return say(_("{weeks} weeks")).format(weeks=days // 7)
    return say(_("1 day")) if days == 1 else say(_("{days} days")).format(days=days)


def _phrase_date(node: Node, _catalogue: Catalogue, say: Say) -> str:
    what = dict(DATES)[node.get("of", "last_open")]
    return say(DATE_PHRASES[node.get("test", "more_than_days_ago")]).format(
        what=say(what),
        period=_period(node.get("days", 0), say),
        day=node.get("day", ""),
        to=node.get("to", ""),
    )


def _phrase_count(node: Node, _catalogue: Catalogue, say: Say) -> str:
    least, most = node.get("at_least", 1), node.get("at_most")
    if once(node):
        return say(ONE[node.get("of", "sent"), once(node)])
    what = say(dict(COUNTS)[node.get("of", "sent")])
    if most is None:
        return say(_("with at least {n} {what}")).format(n=least, what=what)
    if least == 0:
        return say(_("with at most {n} {what}")).format(n=most, what=what)
    return say(_("with {n} to {m} {what}")).format(n=least, m=most, what=what)


DATE = add(
    Criterion(
        key="date",
        caption=_("a date"),
        theme=_("Mail and engagement"),
        params=(
            Param("of", "choice", options=DATES, default="last_open"),
            Param("test", "choice", options=TESTS, default="more_than_days_ago"),
            Param(
                "days",
                "integer",
                after=_("days"),
                low=0,
                high=36500,
                is_shown=_with("more_than_days_ago", "within_days"),
            ),
            Param("day", "date", is_shown=_with("before", "after", "between")),
            Param("to", "date", before=_("and"), is_shown=_with("between")),
        ),
        holds=_date_holds,
        phrase=_phrase_date,
        problems=_date_problems,
        example={"days": 364},
    )
)
COUNT = add(
    Criterion(
        key="count",
        caption=_("a number of mails"),
        theme=_("Mail and engagement"),
        params=(
            Param("of", "choice", options=COUNTS, default="sent"),
            Param("at_least", "integer", before=_("at least"), default=1, low=0, high=1_000_000),
            Param(
                "at_most",
                "integer",
                before=_("at most"),
                is_optional=True,
                is_detail=True,
                low=0,
                high=1_000_000,
            ),
        ),
        holds=_count_holds,
        phrase=_phrase_count,
        problems=_count_problems,
        example={"of": "sent_since_engaged", "at_least": 11},
    )
)
