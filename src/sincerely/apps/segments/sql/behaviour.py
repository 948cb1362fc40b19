"""SQL of the criteria on dates, counts and what people did with mail."""

# ruff: noqa: S608 -- the SQL is our own; every value is a parameter
from __future__ import annotations

from typing import Any

from sincerely.apps.segments.rules.criteria.mail import (
    ACTION_ROLES,
    COUNTED_ROLES,
    Deed,
    base_of,
    deed_of,
    looks_among_received,
)
from sincerely.apps.segments.rules.criteria.rollups import bounds
from sincerely.apps.segments.rules.criterion import Node
from sincerely.apps.segments.sql.algebra import BATCH, All, Not, Part, SetOf, Span, Where
from sincerely.apps.segments.sql.context import Context
from sincerely.apps.segments.sql.kept import OF_MAILING, Kept, name_of

DATE_COLUMNS = {
    "last_open": "e.last_open_at",
    "last_click": "e.last_click_at",
    "last_sent": "e.last_sent_at",
    "last_reply": "e.last_reply_at",
    "signed_up": "c.signed_up_at",
    "created": "c.created_at",
}
COUNT_COLUMNS = {
    "sent": "e.sent_count",
    "delivered": "e.delivered_count",
    "opened": "e.open_count",
    "clicked": "e.click_count",
    "sent_since_engaged": "e.sent_since_engaged_count",
}
ROLLUP_COLUMNS = {
    "sent": "e.last_sent_at",
    "opened": "e.last_open_at",
    "clicked": "e.last_click_at",
}


def compile_date(node: Node, context: Context) -> Part:
    """Return the condition on a date; only *is unknown* holds for unknown ones."""
    column = DATE_COLUMNS[node.get("of", "last_open")]
    test = node.get("test", "more_than_days_ago")
    if column[0] == "e":
        return _in_span(column, test, node, context=context)
    if test in ("known", "unknown"):
        return Where(f"{column} IS {'' if test == 'unknown' else 'NOT '}NULL", aliases=column[0])
    sql, params = context.within(column, bounds(node, context.moment))
    return Where(sql, params, aliases=column[0])


def _in_span(column: str, test: str, node: Node, *, context: Context) -> Part:
    if test in ("known", "unknown"):
        known = Span(column).condition()
        return known if test == "known" else Not(known)
    return context.span(column, bounds(node, context.moment)).condition()


def compile_count(node: Node, _context: Context) -> Part:
    """Return the condition on a count; whoever has no rollup yet has none of anything."""
    column = f"COALESCE({COUNT_COLUMNS[node.get('of', 'sent')]}, 0)"
    least, most = node.get("at_least", 1), node.get("at_most")

    def counted(test: str, *limits: Any) -> Where:
        return Where(f"{column} {test}", limits, aliases="e", is_of_rollup=True)

    if least == 0:
        return Not(counted("> %s", most))
    return counted(">= %s", least) if most is None else counted("BETWEEN %s AND %s", least, most)


def compile_mail(node: Node, context: Context) -> Part:
    """Return who did something with mail, or who did not among those asked about."""
    deed = deed_of(node, context.moment)
    if node.get("test", "did") == "did":
        return _deed(deed, context)
    if not looks_among_received(node):
        return Not(_deed(deed, context))
    base = deed_of(base_of(node), context.moment)
    if deed.source == base.source == "deliveries":
        return _received_without(deed, base, context)
    return All((_deed(base, context), Not(_deed(deed, context))))


def _deed(deed: Deed, context: Context) -> Part:
    if deed.source == "rollup":
        return _by_rollup(deed, context)
    if deed.source == "deliveries":
        amount, params = _in_delivery(deed, context)
        name = _kept_name(deed)
        return SetOf(
            f"SELECT contact_id FROM engagement_delivery WHERE mailing_id = %s {BATCH} "
            f"GROUP BY contact_id HAVING SUM({amount}) >= %s",
            (deed.mailing_id, *params, deed.at_least),
            size=2,
            kept=Kept((name,)) if name else None,
        )
    return _by_events(deed, context)


def _kept_name(deed: Deed) -> str:
    """Return the stored set of those who did it with one mailing, or '' where none is kept."""
    is_plain = deed.at_least == 1 and deed.limits == (None, None)
    is_human = deed.signals == "human" or not deed.is_judged
    if is_plain and is_human and deed.did in OF_MAILING and deed.mailing_id is not None:
        return name_of(deed.did, deed.mailing_id)
    return ""


def _by_rollup(deed: Deed, context: Context) -> Where:
    if deed.did == "received":
        return Where(
            "e.imported_sent_at IS NOT NULL OR COALESCE(e.delivered_count, 0) > 0",
            aliases="e",
            is_of_rollup=True,
        )
    return context.span(ROLLUP_COLUMNS[deed.did], deed.limits).condition()


def _in_delivery(deed: Deed, context: Context) -> tuple[str, tuple[Any, ...]]:
    """Return how often a delivery shows the deed, as an expression."""
    if deed.is_judged:
        word = {"opened": "open", "clicked": "click"}[deed.did]
        verdicts = ("human", "undecided", "machine") if deed.signals == "any" else (deed.signals,)
        return " + ".join(f"{verdict}_{word}_count" for verdict in verdicts), ()
    column = {"received": "delivered_at"}.get(deed.did, f"{deed.did}_at")
    sql, params = context.within(column, deed.limits)
    if deed.did == "received":
        sql += " AND bounced_at IS NULL"
    return f"CASE WHEN {sql} THEN 1 ELSE 0 END", params


def _received_without(deed: Deed, base: Deed, context: Context) -> SetOf:
    """Read one mailing's rows once: received, and the deed not done often enough."""
    got, got_params = _in_delivery(base, context)
    done, done_params = _in_delivery(deed, context)
    names = _kept_name(base), _kept_name(deed)
    return SetOf(
        f"SELECT contact_id FROM engagement_delivery WHERE mailing_id = %s {BATCH} "
        f"GROUP BY contact_id HAVING SUM({got}) >= 1 AND SUM({done}) < %s",
        (deed.mailing_id, *got_params, *done_params, deed.at_least),
        size=2,
        kept=Kept(names[:1], minus=names[1:]) if all(names) else None,
    )


def _by_events(deed: Deed, context: Context) -> SetOf:
    conditions = ["kind = %s"]
    params: list[Any] = [deed.kind]
    if deed.mailing_id is not None:
        conditions.append("mailing_id = %s")
        params.append(deed.mailing_id)
    if deed.since is not None or deed.before is not None:
        sql, times = context.within("at", deed.limits)
        conditions.append(sql)
        params += times
    if deed.is_judged and deed.signals != "any":
        conditions.append("verdict = %s")
        params.append(deed.signals)
    if deed.did == "clicked":
        sql, targets = _target(deed)
        conditions.append(sql)
        params += targets
    counted = "" if deed.at_least == 1 else " HAVING COUNT(*) >= %s"
    return SetOf(
        f"SELECT contact_id FROM engagement_event WHERE {' AND '.join(conditions)} {BATCH} "
        f"GROUP BY contact_id{counted}",
        (*params, *([deed.at_least] if counted else [])),
        size=2 if deed.mailing_id is not None else 4,
    )


def _target(deed: Deed) -> tuple[str, list[Any]]:
    """Return the condition on the clicked link; system links never count."""
    link = "link_id IN (SELECT id FROM engagement_link WHERE role IN ({roles}){more})"
    roles: tuple[str, ...] = ACTION_ROLES if deed.target == "action" else COUNTED_ROLES
    more: list[Any] = []
    condition = ""
    if deed.target == "links":
        condition = f" AND id IN ({', '.join(['%s'] * len(deed.links))})"
        more = list(deed.links)
    if deed.target == "label":
        condition, more = " AND label_id = %s", [deed.label_id]
    sql = link.format(roles=", ".join(["%s"] * len(roles)), more=condition)
    if deed.target == "any":
        sql = f"(link_id IS NULL OR {sql})"
    return sql, [*roles, *more]
