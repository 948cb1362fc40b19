"""Criteria on standing: permission, opt-out, suppression, lists, other segments."""

from __future__ import annotations

from datetime import timedelta

from sincerely.apps.segments.rules.catalogue import Catalogue
from sincerely.apps.segments.rules.criterion import Criterion, Node, Param, add
from sincerely.apps.segments.rules.marking import Say, gettext_noop
from sincerely.apps.segments.rules.moment import Moment
from sincerely.apps.segments.rules.person import Person

_ = gettext_noop
YES_NO = (("yes", _("yes")), ("no", _("no")))
STATES = (("in", _("permitted")), ("out", _("opted out")), ("unspecified", _("never asked")))
STRENGTHS = (("single", _("single opt-in")), ("double", _("double opt-in")))
EVIDENCE_LEVEL = {"single": 1, "double": 2}
SEEN_DAYS = 90


def _permission(node: Node, person: Person, _moment: Moment) -> bool:
    row = person.permissions.get(node["type"])
    state = node.get("state", "in")
    if state == "out":
        return person.is_opted_out or (row is not None and not row[0])
    if person.is_opted_out:
        return False
    return row is None if state == "unspecified" else row is not None and row[0]


def _evidence(node: Node, person: Person, _moment: Moment) -> bool:
    row = person.permissions.get(node["type"])
    level = EVIDENCE_LEVEL[node.get("at_least", "double")]
    return row is not None and row[0] and row[1] >= level and not person.is_opted_out


def _opted_out(node: Node, person: Person, _moment: Moment) -> bool:
    return person.is_opted_out is bool(node.get("test", "yes") == "yes")


def _suppressed(node: Node, person: Person, _moment: Moment) -> bool:
    return person.is_suppressed is bool(node.get("test", "yes") == "yes")


def is_hidden(person: Person, moment: Moment) -> bool:
    """Say whether this person's opens cannot be seen, so that silence means nothing.

    Tracking is refused, or machines load the mail and no human sign came since, nor of late.
    """
    if person.fields.get("tracking_tier") in ("none", "hygiene"):
        return True
    machine = person.times.get("last_machine_open")
    if machine is None:
        return False
    seen_after = moment.now - timedelta(days=SEEN_DAYS)
    signs = (person.times.get("last_open"), person.times.get("last_click"))
    return all(sign is None or (sign < machine and sign < seen_after) for sign in signs)


def _cannot_tell(node: Node, person: Person, moment: Moment) -> bool:
    return is_hidden(person, moment) is bool(node.get("test", "yes") == "yes")


def _on_list(node: Node, person: Person, _moment: Moment) -> bool:
    return (node["list"] in person.lists) is bool(node.get("test", "on") == "on")


def _in_segment(_node: Node, _person: Person, _moment: Moment) -> bool:
    raise AssertionError("Segments are expanded before a rule is read.")


PERMISSION_PHRASES = {
    "in": _("who permit “{name}”"),
    "out": _("who opted out of “{name}”"),
    "unspecified": _("who were never asked about “{name}”"),
}
EVIDENCE_PHRASES = {
    "single": _("who permit “{name}” with evidence"),
    "double": _("who permit “{name}” by double opt-in"),
}
YES_NO_PHRASES = {
    ("opted_out", "yes"): _("who opted out of all marketing mail"),
    ("opted_out", "no"): _("who did not opt out of all marketing mail"),
    ("suppressed", "yes"): _("whose address is suppressed"),
    ("suppressed", "no"): _("whose address is not suppressed"),
    ("cannot_tell", "yes"): _("whose opens cannot be seen"),
    ("cannot_tell", "no"): _("whose opens can be seen"),
}
MEMBERSHIP_PHRASES = {
    "on": _("on the list “{name}”"),
    "not_on": _("not on the list “{name}”"),
    "in": _("in the segment “{name}”"),
    "not_in": _("not in the segment “{name}”"),
}


def _phrase_permission(node: Node, catalogue: Catalogue, say: Say) -> str:
    name = catalogue.name_of("type", node["type"])
    return say(PERMISSION_PHRASES[node.get("state", "in")]).format(name=name)


def _phrase_evidence(node: Node, catalogue: Catalogue, say: Say) -> str:
    name = catalogue.name_of("type", node["type"])
    return say(EVIDENCE_PHRASES[node.get("at_least", "double")]).format(name=name)


def _phrase_yes_no(node: Node, _catalogue: Catalogue, say: Say) -> str:
    return say(YES_NO_PHRASES[node["criterion"], node.get("test", "yes")])


def _phrase_list(node: Node, catalogue: Catalogue, say: Say) -> str:
    name = catalogue.name_of("list", node["list"])
    return say(MEMBERSHIP_PHRASES[node.get("test", "on")]).format(name=name)


def _phrase_segment(node: Node, catalogue: Catalogue, say: Say) -> str:
    name = catalogue.name_of("segment", node["segment"])
    return say(MEMBERSHIP_PHRASES[node.get("test", "in")]).format(name=name)


PERMISSION = add(
    Criterion(
        key="permission",
        caption=_("a permission"),
        theme=_("Permission"),
        params=(
            Param("type", "type"),
            Param("state", "choice", before=_("is"), options=STATES, default="in"),
        ),
        holds=_permission,
        phrase=_phrase_permission,
    )
)
EVIDENCE = add(
    Criterion(
        key="evidence",
        caption=_("the evidence of a permission"),
        theme=_("Permission"),
        params=(
            Param("type", "type"),
            Param(
                "at_least", "choice", before=_("is at least"), options=STRENGTHS, default="double"
            ),
        ),
        holds=_evidence,
        phrase=_phrase_evidence,
    )
)
OPTED_OUT = add(
    Criterion(
        key="opted_out",
        caption=_("opted out of all marketing mail"),
        theme=_("Permission"),
        params=(Param("test", "choice", options=YES_NO, default="yes"),),
        holds=_opted_out,
        phrase=_phrase_yes_no,
    )
)
SUPPRESSED = add(
    Criterion(
        key="suppressed",
        caption=_("the address is suppressed"),
        theme=_("Permission"),
        params=(Param("test", "choice", options=YES_NO, default="yes"),),
        holds=_suppressed,
        phrase=_phrase_yes_no,
    )
)
CANNOT_TELL = add(
    Criterion(
        key="cannot_tell",
        caption=_("opens cannot be seen"),
        theme=_("Mail and engagement"),
        params=(Param("test", "choice", options=YES_NO, default="yes"),),
        holds=_cannot_tell,
        phrase=_phrase_yes_no,
    )
)
ON_LIST = add(
    Criterion(
        key="list",
        caption=_("a list"),
        theme=_("Lists and segments"),
        params=(
            Param(
                "test",
                "choice",
                options=(("on", _("is on the list")), ("not_on", _("is not on the list"))),
                default="on",
            ),
            Param("list", "list"),
        ),
        holds=_on_list,
        phrase=_phrase_list,
    )
)
IN_SEGMENT = add(
    Criterion(
        key="segment",
        caption=_("another segment"),
        theme=_("Lists and segments"),
        params=(
            Param(
                "test",
                "choice",
                options=(("in", _("is in the segment")), ("not_in", _("is not in the segment"))),
                default="in",
            ),
            Param("segment", "segment"),
        ),
        holds=_in_segment,
        phrase=_phrase_segment,
    )
)
