"""Criteria on interest labels: held, clicked, and how strong the interest is today."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from sincerely.apps.interests.rules.strength import Clicks, strength
from sincerely.apps.segments.rules.catalogue import Catalogue
from sincerely.apps.segments.rules.criterion import Criterion, Node, Param, add
from sincerely.apps.segments.rules.marking import Say, gettext_noop
from sincerely.apps.segments.rules.moment import Moment
from sincerely.apps.segments.rules.person import LabelDayFacts, Person

_ = gettext_noop
SIGNALS = (
    ("human", _("by a human")),
    ("any", _("by anybody, machines too")),
    ("undecided", _("undecided")),
)
SURE_OR_NOT = (("human", _("by a human")), ("any", _("undecided ones too")))
HAS = (("has", _("has the label")), ("has_not", _("does not have the label")))
TOLERANCE = 1e-6  # clocks of databases are finer or coarser than ours: 'at least 1' means it
COUNTED = (
    ("clicks", _("clicks")),
    ("mailings", _("different mailings")),
    ("days", _("different days")),
)
DAYS = Param(
    "days",
    "integer",
    before=_("in the last"),
    after=_("days"),
    is_optional=True,
    low=1,
    high=36500,
)


def clicked_count(day: LabelDayFacts, signals: str) -> int:
    """Return how many clicks of a label day count."""
    return day.human_count + (day.undecided_count if signals == "any" else 0)


def first_day(moment: Moment, days: int) -> date:
    """Return the first UTC day of the last so many days."""
    return moment.now.astimezone(UTC).date() - timedelta(days=days)


def _has(node: Node, person: Person, _moment: Moment) -> bool:
    return (node["label"] in person.labels) is bool(node.get("test", "has") == "has")


def _clicks(node: Node, person: Person, moment: Moment) -> bool:
    signals = node.get("signals", "human")
    since = first_day(moment, node["days"]) if node.get("days") else date.min
    days = [
        day
        for day in person.label_days
        if day.label_id == node["label"] and day.day >= since and clicked_count(day, signals) > 0
    ]
    counting = node.get("counting", "clicks")
    if counting == "mailings":
        count = len({day.mailing_id for day in days if day.mailing_id})
    elif counting == "days":
        count = len({day.day for day in days})
    else:
        count = sum(clicked_count(day, signals) for day in days)
    return bool(node.get("at_least", 1) <= count <= node.get("at_most", count))


def clicks_of(day: LabelDayFacts) -> Clicks:
    """Return a label day as clicks at one time: the last click, or noon where it is not known."""
    noon = datetime.combine(day.day, time(12), UTC)
    return Clicks(day.last_at or noon, day.human_count, day.undecided_count)


def _strong(node: Node, person: Person, moment: Moment) -> bool:
    clicks = [clicks_of(day) for day in person.label_days if day.label_id == node["label"]]
    reached = strength(clicks, now=moment.now, half_life_days=moment.half_life_days)
    return bool(reached >= node["at_least"] - TOLERANCE)


def _problems(node: Node, _catalogue: Catalogue) -> list[tuple[str, dict[str, str]]]:
    least, most = node.get("at_least", 1), node.get("at_most")
    if most is None and least == 0:
        return [(_("'At least 0' holds for everybody: give a higher number or a limit."), {})]
    if most is not None and most < least:
        return [(_("The upper number is below the lower one."), {})]
    return []


def _name(node: Node, catalogue: Catalogue) -> str:
    return catalogue.name_of("label", node["label"])


def _phrase_has(node: Node, catalogue: Catalogue, say: Say) -> str:
    has = node.get("test", "has") == "has"
    template = _("with the label “{label}”") if has else _("without the label “{label}”")
    return say(template).format(label=_name(node, catalogue))


WHAT = {
    "clicks": _("who clicked links labelled “{label}” {count} times"),
    "mailings": _("who clicked links labelled “{label}” in {count} different mailings"),
    "days": _("who clicked links labelled “{label}” on {count} different days"),
}


# One is said in words of its own: 'at least 1 times' is no English.
ONCE = {
    ("clicks", "least"): _("who clicked links labelled “{label}” at least once"),
    ("clicks", "most"): _("who clicked links labelled “{label}” at most once"),
    ("mailings", "least"): _("who clicked links labelled “{label}” in at least one mailing"),
    ("mailings", "most"): _("who clicked links labelled “{label}” in at most one mailing"),
    ("days", "least"): _("who clicked links labelled “{label}” on at least one day"),
    ("days", "most"): _("who clicked links labelled “{label}” on at most one day"),
}


def once(node: Node) -> str:
    """Return 'least' or 'most' where a count says 'at least one' or 'at most one', else nothing."""
    least, most = node.get("at_least", 1), node.get("at_most")
    if most is None and least == 1:
        return "least"
    return "most" if (least, most) == (0, 1) else ""


def count_words(node: Node, say: Say) -> str:
    """Return 'at least 3', 'at most 2' or '2 to 5'."""
    least, most = node.get("at_least", 1), node.get("at_most")
    if most is None:
        return say(_("at least {n}")).format(n=least)
    if least == 0:
        return say(_("at most {n}")).format(n=most)
    return say(_("{n} to {m}")).format(n=least, m=most)


def days_words(node: Node, say: Say) -> str:
    """Return ' in the last 90 days', or nothing."""
    if not node.get("days"):
        return ""
    if node["days"] == 1:
        return " " + say(_("in the last day"))
    return " " + say(_("in the last {days} days")).format(days=node["days"])


def _phrase_clicks(node: Node, catalogue: Catalogue, say: Say) -> str:
    counting = node.get("counting", "clicks")
    template = ONCE.get((counting, once(node)), WHAT[counting])
    phrase = say(template).format(label=_name(node, catalogue), count=count_words(node, say))
    extra = " " + say(_("(undecided clicks too)")) if node.get("signals") == "any" else ""
    return phrase + days_words(node, say) + extra


def _phrase_strong(node: Node, catalogue: Catalogue, say: Say) -> str:
    return say(_("whose interest in “{label}” has a strength of at least {n}")).format(
        label=_name(node, catalogue), n=node["at_least"]
    )


LABEL = add(
    Criterion(
        key="label",
        caption=_("a label"),
        theme=_("Interests"),
        params=(Param("test", "choice", options=HAS, default="has"), Param("label", "label")),
        holds=_has,
        phrase=_phrase_has,
    )
)
CLICKS = add(
    Criterion(
        key="label_clicks",
        caption=_("clicks on a label"),
        theme=_("Interests"),
        params=(
            Param("label", "label"),
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
            Param("counting", "choice", options=COUNTED, default="clicks", is_detail=True),
            DAYS,
            Param("signals", "choice", options=SURE_OR_NOT, default="human", is_detail=True),
        ),
        holds=_clicks,
        phrase=_phrase_clicks,
        problems=_problems,
        example={"at_least": 2, "days": 90},
    )
)
STRENGTH = add(
    Criterion(
        key="label_strength",
        caption=_("strength of an interest"),
        theme=_("Interests"),
        params=(
            Param("label", "label"),
            Param("at_least", "number", before=_("is at least"), low=0.001, high=1_000_000),
        ),
        holds=_strong,
        phrase=_phrase_strong,
        example={"at_least": 1},
    )
)
