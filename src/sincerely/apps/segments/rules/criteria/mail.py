"""Criterion on mail: sent, received, opened, clicked, bounced, unsubscribed, complained.

'Did not' looks among those who received such mail, unless it says 'everybody'. Where nothing else
is asked than 'ever' or 'in the last days', the rollups answer, which know imported history too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sincerely.apps.segments.rules.catalogue import Catalogue
from sincerely.apps.segments.rules.criteria.labels import SIGNALS, days_words
from sincerely.apps.segments.rules.criteria.rollups import is_within
from sincerely.apps.segments.rules.criterion import Criterion, Node, Param, add
from sincerely.apps.segments.rules.marking import Say, gettext_noop
from sincerely.apps.segments.rules.moment import Moment
from sincerely.apps.segments.rules.person import DeliveryFacts, EventFacts, Person

_ = gettext_noop
DEEDS = (
    ("received", _("receive")),
    ("opened", _("open")),
    ("clicked", _("click in")),
    ("sent", _("get sent")),
    ("bounced", _("bounce on")),
    ("unsubscribed", _("unsubscribe by")),
    ("complained", _("complain about")),
)
EVENT_KIND = {"received": "delivered"}
COUNTED_ROLES = ("content", "action", "confirm")
ACTION_ROLES = ("action", "confirm")
TARGETS = (
    ("any", _("any link")),
    ("action", _("the call to action")),
    ("links", _("chosen links")),
    ("label", _("links with a label")),
)
AMONG = (
    ("received", _("among those who received it")),
    ("everyone", _("among everybody, whether or not it was sent to them")),
)
PERIODS = (
    ("ever", _("ever")),
    ("days", _("in the last days")),
    ("dates", _("between dates")),
)


def _clicked(node: Node, _catalogue: Catalogue) -> bool:
    return node.get("did") == "clicked"


def _targets(target: str) -> Callable[[Node, Catalogue], bool]:
    def shown(node: Node, _catalogue: Catalogue) -> bool:
        return node.get("did") == "clicked" and node.get("target") == target

    return shown


def _period(period: str) -> Callable[[Node, Catalogue], bool]:
    def shown(node: Node, _catalogue: Catalogue) -> bool:
        return node.get("period") == period

    return shown


def _judged(node: Node, _catalogue: Catalogue) -> bool:
    return node.get("did") in ("opened", "clicked")


def _negated(node: Node, _catalogue: Catalogue) -> bool:
    return node.get("test") == "did_not" and node.get("did", "received") not in (
        "received",
        "sent",
    )


@dataclass(frozen=True, slots=True)
class Deed:
    """What a mail criterion asks for, with its defaults filled in."""

    did: str
    mailing_id: int | None
    target: str
    links: tuple[int, ...]
    label_id: int | None
    signals: str
    at_least: int
    since: datetime | None
    before: datetime | None
    is_ever_or_lately: bool

    @property
    def limits(self) -> tuple[datetime | None, datetime | None]:
        """From when and until before when it must have happened."""
        return self.since, self.before

    @property
    def kind(self) -> str:
        """The kind of event that it is."""
        return EVENT_KIND.get(self.did, self.did)

    @property
    def is_judged(self) -> bool:
        """True for what a human or a machine may have done."""
        return self.did in ("opened", "clicked")

    @property
    def source(self) -> str:
        """Which table answers: the rollup per contact, the one per mailing, or the events."""
        has_window = self.since is not None or self.before is not None
        if self.target == "any" and self.mailing_id is not None:
            return "events" if self.is_judged and has_window else "deliveries"
        is_plain = (
            self.mailing_id is None
            and self.target == "any"
            and self.at_least == 1
            and (self.signals == "human" or not self.is_judged)
            and self.is_ever_or_lately
        )
        if is_plain and self.did in ("sent", "opened", "clicked"):
            return "rollup"
        return "rollup" if is_plain and self.did == "received" and not has_window else "events"


def deed_of(node: Node, moment: Moment) -> Deed:
    """Return what a node asks for at this moment."""
    since = before = None
    period = node.get("period", "ever")
    if period == "days":
        since = moment.days_ago(node["days"])
    elif period == "dates":
        since = moment.start_of(node["from"])
        before = moment.start_of(node["to"], plus_days=1)
    did = node.get("did", "received")
    return Deed(
        did=did,
        mailing_id=node.get("mailing"),
        target=node.get("target", "any") if did == "clicked" else "any",
        links=tuple(node.get("links", ())),
        label_id=node.get("label"),
        signals=node.get("signals", "human"),
        at_least=node.get("at_least", 1),
        since=since,
        before=before,
        is_ever_or_lately=period != "dates",
    )


def base_of(node: Node) -> dict[str, Any]:
    """Return the criterion for those among whom 'did not' looks: who received such mail."""
    kept = ("mailing", "period", "days", "from", "to")
    return {"did": "received", **{key: node[key] for key in kept if key in node}}


def looks_among_received(node: Node) -> bool:
    """Say whether a 'did not' is limited to those who received the mail."""
    return _negated(node, Catalogue()) and node.get("among", "received") == "received"


def _holds(node: Node, person: Person, moment: Moment) -> bool:
    done = did(deed_of(node, moment), person)
    if node.get("test", "did") == "did":
        return done
    if looks_among_received(node) and not did(deed_of(base_of(node), moment), person):
        return False
    return not done


def did(deed: Deed, person: Person) -> bool:
    """Say whether the person did it as often as asked."""
    if deed.source == "rollup":
        return _by_rollup(deed, person)
    if deed.source == "deliveries":
        counts = (
            _in_delivery(deed, row)
            for row in person.deliveries
            if row.mailing_id == deed.mailing_id
        )
        return sum(counts) >= deed.at_least
    return sum(_is_such(deed, event) for event in person.events) >= deed.at_least


def _by_rollup(deed: Deed, person: Person) -> bool:
    if deed.did == "received":
        known = person.times.get("imported_sent") is not None
        return known or person.counts.get("delivered", 0) > 0
    column = {"sent": "last_sent", "opened": "last_open", "clicked": "last_click"}[deed.did]
    return is_within(person.times.get(column), deed.limits)


def signal_count(counts: Mapping[str, int], signals: str) -> int:
    """Return how many of the signals count: human, undecided, or all."""
    return sum(counts.values()) if signals == "any" else counts.get(signals, 0)


def _in_delivery(deed: Deed, row: DeliveryFacts) -> int:
    if deed.did == "opened":
        return signal_count(row.opens, deed.signals)
    if deed.did == "clicked":
        return signal_count(row.clicks, deed.signals)
    if deed.did == "received":
        return int(row.bounced_at is None and is_within(row.delivered_at, deed.limits))
    at = {
        "sent": row.sent_at,
        "bounced": row.bounced_at,
        "unsubscribed": row.unsubscribed_at,
        "complained": row.complained_at,
    }[deed.did]
    return int(is_within(at, deed.limits))


def _is_such(deed: Deed, event: EventFacts) -> bool:
    return (
        event.kind == deed.kind
        and deed.mailing_id in (None, event.mailing_id)
        and is_within(event.at, deed.limits)
        and (not deed.is_judged or deed.signals in ("any", event.verdict))
        and (deed.did != "clicked" or _is_target(deed, event))
    )


def _is_target(deed: Deed, event: EventFacts) -> bool:
    if event.link_id is None or event.role not in COUNTED_ROLES:
        return event.link_id is None and deed.target == "any"
    if deed.target == "links":
        return event.link_id in deed.links
    if deed.target == "label":
        return event.label_id == deed.label_id
    return deed.target == "any" or event.role in ACTION_ROLES


def _problems(node: Node, catalogue: Catalogue) -> list[tuple[str, dict[str, str]]]:
    if node.get("period") == "dates" and node["from"] > node["to"]:
        return [(_("The end lies before the beginning."), {})]
    mailing = node.get("mailing")
    for link in node.get("links", ()):
        if mailing is not None and catalogue.links[link].mailing_id != mailing:
            return [
                (
                    _("The link '{link}' is not in this mailing."),
                    {"link": catalogue.links[link].name},
                )
            ]
    return []


DID_PHRASES = {
    "sent": _("who were sent {what}"),
    "received": _("who received {what}"),
    "opened": _("who opened {what}"),
    "clicked": _("who clicked {what}"),
    "bounced": _("for whom {what} bounced"),
    "unsubscribed": _("who unsubscribed by {what}"),
    "complained": _("who complained about {what}"),
}
DID_NOT_PHRASES = {
    "sent": _("who were not sent {what}"),
    "received": _("who did not receive {what}"),
    "opened": _("who received {mail} but did not open {what}"),
    "clicked": _("who received {mail} but did not click {what}"),
    "bounced": _("who received {mail} and for whom {what} did not bounce"),
    "unsubscribed": _("who received {mail} but did not unsubscribe by {what}"),
    "complained": _("who received {mail} but did not complain about {what}"),
}
EVERYBODY_PHRASES = {
    "opened": _("who did not open {what}, whether or not it was sent to them"),
    "clicked": _("who did not click {what}, whether or not it was sent to them"),
    "bounced": _("for whom {what} did not bounce, whether or not it was sent to them"),
    "unsubscribed": _("who did not unsubscribe by {what}, whether or not it was sent to them"),
    "complained": _("who did not complain about {what}, whether or not it was sent to them"),
}
TARGET_PHRASES = {
    "any": _("a link in {mail}"),
    "action": _("the call to action in {mail}"),
    "links": _("{links} in {mail}"),
    "label": _("a link labelled “{label}” in {mail}"),
}
SIGNAL_PHRASES = {"any": _("(machines too)"), "undecided": _("(undecided ones only)")}


def _phrase(node: Node, catalogue: Catalogue, say: Say) -> str:
    deed = node.get("did", "received")
    mail = _mail_words(node, catalogue, say)
    what = _target_words(node, catalogue, say, mail=mail) if deed == "clicked" else mail
    if node.get("test", "did") == "did":
        template = DID_PHRASES[deed]
    elif looks_among_received(node) or deed in ("sent", "received"):
        template = DID_NOT_PHRASES[deed]
        what = say(_("it")) if what == mail and deed not in ("sent", "received") else what
    else:
        template = EVERYBODY_PHRASES[deed]
    return say(template).format(mail=mail, what=what) + _suffix(node, say)


def _mail_words(node: Node, catalogue: Catalogue, say: Say) -> str:
    mailing = node.get("mailing")
    if mailing is None:
        return say(_("any mail"))
    return f"“{catalogue.name_of('mailing', mailing)}”"


def _target_words(node: Node, catalogue: Catalogue, say: Say, *, mail: str) -> str:
    links = (f"“{catalogue.links[link].name}”" for link in node.get("links", ()))
    return say(TARGET_PHRASES[node.get("target", "any")]).format(
        mail=mail, links=", ".join(links), label=catalogue.name_of("label", node.get("label"))
    )


def _suffix(node: Node, say: Say) -> str:
    words = ""
    if node.get("at_least", 1) > 1:
        words += " " + say(_("at least {n} times")).format(n=node["at_least"])
    if node.get("period") == "days":
        words += days_words(node, say)
    if node.get("period") == "dates":
        words += " " + say(_("from {first} to {last}")).format(first=node["from"], last=node["to"])
    if node.get("signals", "human") != "human":
        words += " " + say(SIGNAL_PHRASES[node["signals"]])
    return words


MAIL = add(
    Criterion(
        key="mail",
        caption=_("what they did with mail"),
        theme=_("Mail and engagement"),
        params=(
            Param(
                "test",
                "choice",
                options=(("did", _("did")), ("did_not", _("did not"))),
                default="did",
            ),
            Param("did", "choice", options=DEEDS, default="received"),
            Param("target", "choice", options=TARGETS, default="any", is_shown=_clicked),
            Param("label", "label", is_shown=_targets("label")),
            Param("links", "links", is_shown=_targets("links")),
            Param("mailing", "mailing", is_optional=True),
            Param(
                "at_least",
                "integer",
                after=_("times or more"),
                default=1,
                low=1,
                high=100_000,
                is_detail=True,
            ),
            Param("period", "choice", options=PERIODS, default="ever"),
            Param("days", "integer", after=_("days"), low=1, high=36500, is_shown=_period("days")),
            Param("from", "date", is_shown=_period("dates")),
            Param("to", "date", before=_("and"), is_shown=_period("dates")),
            Param(
                "signals",
                "choice",
                options=SIGNALS,
                default="human",
                is_shown=_judged,
                is_detail=True,
            ),
            Param(
                "among",
                "choice",
                options=AMONG,
                default="received",
                is_shown=_negated,
                is_detail=True,
            ),
        ),
        holds=_holds,
        phrase=_phrase,
        problems=_problems,
        example={"did": "received"},
    )
)
