"""SQL of the criteria on labels, permission, suppression and lists."""

# ruff: noqa: S608 -- the SQL is our own; every value is a parameter
from __future__ import annotations

from datetime import timedelta
from typing import Any

from sincerely.apps.interests.rules.strength import UNDECIDED_WEIGHT
from sincerely.apps.segments.rules.criteria.labels import TOLERANCE, first_day
from sincerely.apps.segments.rules.criteria.standing import EVIDENCE_LEVEL, SEEN_DAYS
from sincerely.apps.segments.rules.criterion import Node
from sincerely.apps.segments.sql.algebra import BATCH, All, Not, OneOf, Part, SetOf, Where
from sincerely.apps.segments.sql.context import Context
from sincerely.apps.segments.sql.kept import Kept, name_of

OPTED_OUT = SetOf(
    f"SELECT contact_id FROM consent_optout WHERE 1 = 1 {BATCH}",
    size=4,
    kept=Kept((name_of("opted_out"),)),
)


def _unless(part: Part, *, is_negated: bool) -> Part:
    return Not(part) if is_negated else part


def compile_label(node: Node, _context: Context) -> Part:
    """Return who holds a label, or who does not."""
    held = SetOf(
        "SELECT contact_id FROM interests_contactlabel "
        f"WHERE label_id = %s AND is_held = TRUE {BATCH}",
        (node["label"],),
        size=3,
        kept=Kept((name_of("label", node["label"]),)),
    )
    return _unless(held, is_negated=node.get("test", "has") == "has_not")


def compile_label_clicks(node: Node, context: Context) -> Part:
    """Return who clicked on links with a label often enough, and not too often."""
    count = "human_count" + (" + undecided_count" if node.get("signals") == "any" else "")
    amount = {
        "clicks": f"SUM({count})",
        "mailings": "COUNT(DISTINCT NULLIF(mailing_id, 0))",
        "days": "COUNT(DISTINCT day)",
    }[node.get("counting", "clicks")]
    params: list[Any] = [node["label"]]
    since = ""
    if node.get("days"):
        since = "AND day >= %s"
        params.append(context.day(first_day(context.moment, node["days"])))

    def clicked(having: str, *limits: Any) -> SetOf:
        return SetOf(
            f"SELECT contact_id FROM interests_labelday WHERE label_id = %s {since} "
            f"AND {count} > 0 {BATCH} GROUP BY contact_id HAVING {having}",
            (*params, *limits),
            size=1,
        )

    least, most = node.get("at_least", 1), node.get("at_most")
    if least == 0:
        return Not(clicked(f"{amount} > %s", most))
    if most is None:
        return clicked(f"{amount} >= %s", least)
    return clicked(f"{amount} BETWEEN %s AND %s", least, most)


def compile_strength(node: Node, context: Context) -> Part:
    """Return whose decayed strength of a label reaches a value; the decay happens on reading."""
    if context.is_postgresql:
        at = "COALESCE(last_at, (day + TIME '12:00') AT TIME ZONE 'UTC')"
        age = f"GREATEST(EXTRACT(EPOCH FROM %s::timestamptz - {at}) / 86400.0, 0)"
        power = f"POWER(2.0::double precision, (-{age} / %s)::double precision)"
    else:
        at = "COALESCE(last_at, day || ' 12:00:00')"
        age = f"MAX(julianday(%s) - julianday({at}), 0)"
        power = f"POWER(2.0, -{age} / %s)"
    return SetOf(
        f"SELECT contact_id FROM interests_labelday WHERE label_id = %s {BATCH} GROUP BY "
        f"contact_id HAVING SUM((human_count + {UNDECIDED_WEIGHT} * undecided_count) * {power}) "
        ">= %s",
        (
            node["label"],
            context.time(context.moment.now),
            float(context.moment.half_life_days),
            node["at_least"] - TOLERANCE,
        ),
        size=2,
    )


def compile_permission(node: Node, _context: Context) -> Part:
    """Return who stands in, out or nowhere for a subscription type; the global opt-out wins."""

    def rows(condition: str, *kinds: str) -> SetOf:
        return SetOf(
            "SELECT contact_id FROM consent_permission "
            f"WHERE subscription_type_id = %s {condition} {BATCH}",
            (node["type"],),
            kept=Kept(tuple(name_of(kind, node["type"]) for kind in kinds)),
        )

    state = node.get("state", "in")
    if state == "in":
        return All((rows("AND is_in = TRUE", "permitted"), Not(OPTED_OUT)))
    if state == "out":
        return OneOf((rows("AND is_in = FALSE", "withdrawn"), OPTED_OUT))
    return All((Not(rows("", "permitted", "withdrawn")), Not(OPTED_OUT)))


def compile_evidence(node: Node, _context: Context) -> Part:
    """Return who permits a type with at least this evidence."""
    rows = SetOf(
        "SELECT contact_id FROM consent_permission WHERE subscription_type_id = %s "
        f"AND is_in = TRUE AND evidence >= %s {BATCH}",
        (node["type"], EVIDENCE_LEVEL[node.get("at_least", "double")]),
    )
    return All((rows, Not(OPTED_OUT)))


def compile_opted_out(node: Node, _context: Context) -> Part:
    """Return who opted out of all marketing mail, or who did not."""
    return _unless(OPTED_OUT, is_negated=node.get("test", "yes") == "no")


def compile_suppressed(node: Node, _context: Context) -> Part:
    """Return whose address is suppressed today, or whose is not."""
    part = Where(
        "c.address_key IN (SELECT address_key FROM consent_suppression WHERE lifted_at IS NULL)",
        kept=Kept((name_of("suppressed"),)),
    )
    return _unless(part, is_negated=node.get("test", "yes") == "no")


def compile_cannot_tell(node: Node, context: Context) -> Part:
    """Return whose opens cannot be seen (see `rules.criteria.standing.is_hidden`)."""
    lately = context.time(context.moment.now - timedelta(days=SEEN_DAYS))
    signs = " AND ".join(
        f"(e.{sign} IS NULL OR (e.{sign} < e.last_machine_open_at AND e.{sign} < %s))"
        for sign in ("last_open_at", "last_click_at")
    )
    hidden = Where(
        "c.tracking_tier IN ('none', 'hygiene') "
        f"OR (e.last_machine_open_at IS NOT NULL AND {signs})",
        (lately, lately),
        aliases="ce",
    )
    return _unless(hidden, is_negated=node.get("test", "yes") == "no")


def compile_list(node: Node, _context: Context) -> Part:
    """Return who is on a list, or who is not."""
    on_list = SetOf(
        f"SELECT contact_id FROM contacts_listmembership WHERE contact_list_id = %s {BATCH}",
        (node["list"],),
        size=3,
        kept=Kept((name_of("list", node["list"]),)),
    )
    return _unless(on_list, is_negated=node.get("test", "on") == "not_on")
