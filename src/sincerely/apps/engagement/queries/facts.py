"""What is known of a run of signals, read in a few statements however many there are.

A run is a range of ids: signals are judged in the order in which they were captured. Each is
judged among all clicks of its message, whichever run they stand in.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection
from datetime import datetime
from typing import Any, NamedTuple

from sincerely.apps.engagement import sql
from sincerely.apps.engagement.models import Mailing
from sincerely.apps.engagement.rules.verdict import (
    WINDOWS,
    Circumstances,
    Hit,
    Judgement,
    judge_hit,
)

SYSTEM_ROLES = ("unsubscribe", "preferences", "legal", "view")
SURE_ACTS = ("replied", "forwarded", "confirmed")
# COALESCE(…, NULL) keeps Django's converter for SQLite away, which costs more than the reading.
_SIGNALS = """
SELECT s.capture_id, s.contact_id, s.mailing_id, s.message_id, s.link_id, s.kind,
    COALESCE(s.at, NULL), s.ip, s.user_agent, s.method, s.headers, s.is_simulated,
    COALESCE(d.delivered_at, NULL)
FROM engagement_signal s LEFT JOIN engagement_delivery d ON d.contact_id = s.contact_id
    AND d.mailing_id = s.mailing_id AND d.message_id = s.message_id
WHERE s.capture_id > %s AND s.capture_id <= %s AND s.kind IN ('open', 'click')
ORDER BY s.capture_id
"""
_CLICKS = """
SELECT o.message_id, COALESCE(o.at, NULL), o.link_id
FROM (SELECT DISTINCT contact_id, message_id FROM engagement_signal
    WHERE capture_id > %s AND capture_id <= %s AND kind = 'click') mine
JOIN engagement_signal o ON o.contact_id = mine.contact_id AND o.message_id = mine.message_id
WHERE o.kind = 'click' AND o.is_simulated = FALSE
"""
_MINE = """
WITH mine AS (SELECT DISTINCT contact_id, mailing_id FROM engagement_signal
    WHERE capture_id > %s AND capture_id <= %s)
"""
# One question for each kind: of several at once PostgreSQL may read all of a mailing for each row.
_ACTS = _MINE + " UNION ALL ".join(
    f"SELECT e.message_id, COALESCE(e.at, NULL) FROM mine"  # noqa: S608 -- constants
    f" JOIN engagement_event e ON e.mailing_id = mine.mailing_id AND e.kind = '{kind}'"
    f" AND e.contact_id = mine.contact_id"
    for kind in SURE_ACTS
)
_DUE = """
WITH next AS (SELECT capture_id, at FROM engagement_signal
    WHERE capture_id > %s AND capture_id <= %s ORDER BY capture_id LIMIT %s)
SELECT COUNT(*), MAX(capture_id) FROM next WHERE capture_id <
    COALESCE((SELECT MIN(capture_id) FROM next WHERE at > %s), 4611686018427387904)
"""
_LINKS = """
SELECT mailing_id, id, number, role, label_id FROM engagement_link WHERE mailing_id IN ({places})
"""
_VERDICTS = """
SELECT signal_id, round, verdict, machine_probability FROM engagement_signalverdict
WHERE signal_id > %s AND signal_id <= %s ORDER BY signal_id, round
"""


class LinkFacts(NamedTuple):
    """A link as the fold needs it."""

    id: int
    number: int
    role: str
    label_id: int | None


class SignalFacts(NamedTuple):
    """A signal with the hit that the verdict rules read; `at` is its time as it is stored."""

    id: int
    contact_id: int
    mailing_id: int
    message_id: int
    link: LinkFacts | None
    at: Any
    hit: Hit


class Run(NamedTuple):
    """The signals above one id, up to and with another."""

    after_id: int
    through_id: int


def due(between: Run, *, until: datetime, limit: int) -> tuple[Run, int]:
    """Return the run of signals up to the first one later than `until`, and how many it holds."""
    ((count, last),) = sql.fetch(_DUE, (*between, limit, sql.at(until)))
    return Run(between.after_id, last or between.after_id), count


def links_of(mailing_ids: Collection[int]) -> dict[int, dict[int, LinkFacts]]:
    """Return the links of each mailing by their number."""
    found: dict[int, dict[int, LinkFacts]] = defaultdict(dict)
    if mailing_ids:
        places = ", ".join(["%s"] * len(mailing_ids))
        for mailing_id, *link in sql.fetch(_LINKS.format(places=places), list(mailing_ids)):
            found[mailing_id][link[1]] = LinkFacts(*link)
    return found


def types_of(mailing_ids: Collection[int]) -> dict[int, int | None]:
    """Return each mailing's subscription type."""
    rows = Mailing.objects.filter(pk__in=mailing_ids)
    return dict(rows.values_list("pk", "subscription_type_id"))


def judged(run: Run, *, number: int) -> list[tuple[SignalFacts, Judgement]]:
    """Return the opens and clicks of a run in order, each as that round judges it."""
    rows = sql.fetch(_SIGNALS, run)
    links = links_of({row[2] for row in rows})
    by_id = {link.id: link for numbered in links.values() for link in numbered.values()}
    counts = {
        mailing_id: sum(link.role not in SYSTEM_ROLES for link in numbered.values())
        for mailing_id, numbered in links.items()
    }
    clicks, acts = _clicks_of(run, by_id), _acts_of(run)
    window, as_moment = WINDOWS[number], sql.reader()
    found = []
    for row in rows:
        signal = _signal(row, by_id.get(row[4] or 0), as_moment(row[6]))
        delivered_at, mailing_id, message_id = row[12], row[2], row[3]
        circumstances = Circumstances(
            delivered_at and as_moment(delivered_at),
            counts.get(mailing_id, 0),
            acted_at=acts.get(message_id, ()),
        )
        hits = clicks.get(message_id, ())
        found.append((signal, judge_hit(signal.hit, hits, circumstances, window=window)))
    return found


def current_verdicts(run: Run) -> dict[int, tuple[int, str, float]]:
    """Return the latest round, verdict and probability of each signal that has one."""
    rows = sql.fetch(_VERDICTS, run)
    return {signal_id: (number, verdict, p) for signal_id, number, verdict, p in rows}


def _clicks_of(run: Run, links: dict[int, LinkFacts]) -> dict[int, list[Hit]]:
    found: dict[int, list[Hit]] = defaultdict(list)
    as_moment = sql.reader()
    for message_id, at, link_id in sql.fetch(_CLICKS, run):
        link = links.get(link_id or 0)
        found[message_id].append(
            Hit("click", as_moment(at), link.number if link else 0, _is_system(link))
        )
    return found


def _acts_of(run: Run) -> dict[int, tuple[datetime, ...]]:
    found: dict[int, tuple[datetime, ...]] = {}
    as_moment = sql.reader()
    for message_id, at in sql.fetch(_ACTS, run):
        found[message_id or 0] = (*found.get(message_id or 0, ()), as_moment(at))
    return found


def _is_system(link: LinkFacts | None) -> bool:
    return link is None or link.role in SYSTEM_ROLES


def _signal(row: tuple[Any, ...], link: LinkFacts | None, moment: datetime) -> SignalFacts:
    id_, contact_id, mailing_id, message_id, _link, kind, at, ip, agent, method, headers = row[:11]
    if isinstance(headers, str):
        headers = json.loads(headers) if headers != "{}" else None
    hit = Hit(  # by their places: names cost twice the time, a dozen times a signal
        kind,
        moment,
        link.number if link else 0,
        _is_system(link),
        str(ip or ""),
        agent,
        method,
        bool(headers) and is_prefetch(headers),
        bool(row[11]),
    )
    return SignalFacts(id_, contact_id, mailing_id, message_id, link, at, hit)


def is_prefetch(headers: object) -> bool:
    """Say whether the request's kept headers tell of a fetch ahead of the reader."""
    if not isinstance(headers, dict):
        return False
    names = ("purpose", "sec-purpose", "x-purpose", "x-moz")
    told = " ".join(str(headers.get(name, "")) for name in names).lower()
    return any(word in told for word in ("prefetch", "prerender", "preview"))
