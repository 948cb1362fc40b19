"""Labels given by clicks: many contacts and labels at once, inside the folder's transaction.

The rule is the one of any assignment (`rules/precedence.py`); here it is applied to a whole batch
with a few statements. The contacts are known to exist: their events refer to them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sincerely.apps.engagement import sql
from sincerely.apps.interests.models import Route
from sincerely.apps.interests.rules.clicks import ClickDelta
from sincerely.apps.interests.rules.precedence import Held, assigning

Pair = tuple[int, int]  # contact, label
PAIRS = sql.Scratch("fold_pair", ("contact_id bigint", "label_id bigint"))
_STATES = """
SELECT l.contact_id, l.label_id, l.id, l.is_held, l.route, l.is_self_removed
FROM fold_pair p JOIN interests_contactlabel l
    ON l.contact_id = p.contact_id AND l.label_id = p.label_id
"""
_CONFIRMED = f"""
SELECT DISTINCT c.contact_id, c.label_id FROM fold_pair p JOIN interests_labelchange c
    ON c.contact_id = p.contact_id AND c.label_id = p.label_id
WHERE c.is_added = TRUE AND c.route = '{Route.CLICK.value}'
"""  # noqa: S608 -- a constant
_ASK = "UPDATE interests_contactlabel SET ask_again_at = %s WHERE id = %s AND ask_again_at IS NULL"
_HOLD = """
UPDATE interests_contactlabel SET is_held = %s, route = %s, is_self_removed = %s, since = %s,
    ask_again_at = NULL WHERE id = %s
"""
STATE_COLUMNS = ("contact_id", "label_id", "is_held", "route", "is_self_removed", "since")
CHANGE_COLUMNS = (
    "contact_id", "label_id", "is_added", "is_news", "route", "at", "message_id", "mailing_id",
)  # fmt: skip


def give_by_clicks(clicks: Mapping[Pair, ClickDelta], *, now: datetime) -> int:
    """Give each contact the label by the click that speaks for it; return for how many it is news.

    A label that the contact removed is not given back: `ask_again_at` is set instead.
    """
    if not clicks:
        return 0
    PAIRS.fill(sorted(clicks))
    known = {(row[0], row[1]): row[2:] for row in sql.fetch(_STATES)}
    moment = sql.at(now)
    news: list[Pair] = []
    asked: list[Pair] = []
    held: list[Pair] = []
    for pair in sorted(clicks):
        row = known.get(pair)
        outcome = assigning(_held(row), Route.CLICK)
        if outcome.is_change:
            news.append(pair)
        elif outcome.ask_again:
            asked.append(pair)
        elif row is not None and row[2] != Route.CLICK:
            held.append(pair)
    states = ((*pair, True, Route.CLICK.value, False, moment) for pair in news if pair not in known)
    sql.load("interests_contactlabel", STATE_COLUMNS, states)
    regained = [known[pair][0] for pair in news if pair in known]
    sql.run_many(_HOLD, ((True, Route.CLICK.value, False, moment, id_) for id_ in regained))
    sql.run_many(_ASK, ((moment, known[pair][0]) for pair in asked))
    _tell(news, clicks, moment, is_news=True)
    _tell(_unconfirmed(held), clicks, moment, is_news=False)
    return len(news)


def _held(row: tuple[Any, ...] | None) -> Held | None:
    return Held(bool(row[1]), row[2], bool(row[3])) if row else None


def _unconfirmed(pairs: list[Pair]) -> list[Pair]:
    """Return those who hold the label by another route, and whose clicks have not said so yet."""
    if not pairs:
        return []
    PAIRS.fill(pairs)
    said = {(contact_id, label_id) for contact_id, label_id in sql.fetch(_CONFIRMED)}
    return [pair for pair in pairs if pair not in said]


def _tell(
    pairs: Iterable[Pair], clicks: Mapping[Pair, ClickDelta], moment: object, *, is_news: bool
) -> None:
    """Keep the provenance; what only confirms is no news to anybody."""
    rows = (
        (*pair, True, is_news, Route.CLICK.value, moment, clicks[pair].message_id,
         clicks[pair].mailing_id or None)
        for pair in pairs
    )  # fmt: skip
    sql.load("interests_labelchange", CHANGE_COLUMNS, rows)
