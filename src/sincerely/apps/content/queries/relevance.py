"""The relevance check: who would get a mail whose labelled links all concern others.

A contact counts as mismatched who holds labels, sees at least one labelled link, and holds none of
the labels of the links seen. Somebody without any label cannot be judged and is counted apart.
Two ways out: leave the mismatched people out of the audience (`exclusion`), or show each block with
labelled links only to holders of its labels (`actions/fixes.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from sincerely.apps.content.compiler import rules_by_number
from sincerely.apps.content.models import Content
from sincerely.apps.content.rules.compiled import Compiled, Parts, branches
from sincerely.apps.labels.queries import labels as all_labels
from sincerely.apps.segments.compile import select
from sincerely.apps.segments.query import ContactQuery

Labels = frozenset[int]
MOST_OTHERS = 120


@dataclass(frozen=True, slots=True)
class Relevance:
    """How a mail fits its audience; counts of contacts."""

    audience_count: int
    mismatched_count: int
    unjudged_count: int
    label_ids: tuple[int, ...] = ()

    @property
    def share(self) -> float:
        """The mismatched part of the audience, 0 to 1."""
        return self.mismatched_count / self.audience_count if self.audience_count else 0.0

    @property
    def share_percent(self) -> int:
        """The same in whole per cent; never 0 where somebody is mismatched."""
        return max(1, round(self.share * 100)) if self.mismatched_count else 0


@dataclass(frozen=True, slots=True)
class _Sight:
    """Labels seen by the people of one rule; `negated` for a block's alternative."""

    labels: Labels
    rule: dict[str, Any] | None = None
    negated: bool = False


def irrelevance(
    content: Content, compiled: Compiled, audience: ContactQuery, *, now: datetime
) -> Relevance:
    """Return how many of the audience the labelled links do not fit."""
    sights = _sights(content, compiled)
    labels = sorted(set().union(*(sight.labels for sight in sights)))
    if not labels:
        return Relevance(0, 0, 0)
    sees, fits, params = _tests(sights, now)
    sql = (
        f"WITH audience AS ({audience.sql}), "  # noqa: S608 -- our own SQL
        "judged AS (SELECT a.contact_id, "
        "CASE WHEN EXISTS (SELECT 1 FROM interests_contactlabel k WHERE k.contact_id = a.contact_id"
        " AND k.is_held) THEN 1 ELSE 0 END AS has_label, "
        f"CASE WHEN {sees} THEN 1 ELSE 0 END AS sees, "
        f"CASE WHEN {fits} THEN 1 ELSE 0 END AS fits FROM audience a) "
        "SELECT COUNT(*), "
        "SUM(CASE WHEN has_label = 1 AND sees = 1 AND fits = 0 THEN 1 ELSE 0 END), "
        "SUM(CASE WHEN has_label = 0 THEN 1 ELSE 0 END) FROM judged"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, [*audience.params, *params])
        total, mismatched, unjudged = cursor.fetchone()
    return Relevance(total, mismatched or 0, unjudged or 0, tuple(labels))


def exclusion(relevance: Relevance) -> dict[str, Any]:
    """Return the rule of those to leave out: they hold labels, but none of the mail's.

    With more labels than a rule has room for, people without any label are left out too.
    """
    none_of_them = {"none": holders(relevance.label_ids)}
    others = [row.pk for row in all_labels() if row.pk not in relevance.label_ids]
    if not others or len(others) > MOST_OTHERS:
        return none_of_them
    return {"all": [{"any": holders(others)}, none_of_them]}


def holders(label_ids: Sequence[int]) -> list[dict[str, Any]]:
    """Return the criteria that select holders of each label."""
    return [{"criterion": "label", "test": "has", "label": label_id} for label_id in label_ids]


def _sights(content: Content, compiled: Compiled) -> list[_Sight]:
    labels = {link.number: link.label_id for link in compiled.links if link.label_id is not None}
    rules = rules_by_number(content, compiled)
    found = [_Sight(_labels_in(compiled.html, labels, skip_blocks=True))]
    for part in compiled.html:
        if isinstance(part, dict) and "block" in part:
            rule = rules.get(str(part["block"]))
            found.append(_Sight(_labels_in(part["then"], labels), rule))
            found.append(_Sight(_labels_in(part["else"], labels), rule, negated=True))
    return [sight for sight in found if sight.labels]


def _labels_in(parts: Parts, labels: dict[int, int], *, skip_blocks: bool = False) -> Labels:
    found: set[int] = set()
    for part in parts:
        if isinstance(part, str) or (skip_blocks and "block" in part):
            continue
        if part.get("link") in labels:
            found.add(labels[part["link"]])
        for branch in branches(part):
            found |= _labels_in(branch, labels)
    return frozenset(found)


def _tests(sights: Sequence[_Sight], now: datetime) -> tuple[str, str, list[Any]]:
    """Return the SQL tests 'sees a labelled link', 'holds its label', and their parameters."""
    sees, fits = [], []
    see_params: list[Any] = []
    fit_params: list[Any] = []
    for sight in sights:
        scope, params = _scope(sight, now)
        places = ", ".join(["%s"] * len(sight.labels))
        holds = (
            "EXISTS (SELECT 1 FROM interests_contactlabel k WHERE k.contact_id = a.contact_id"  # noqa: S608
            f" AND k.is_held AND k.label_id IN ({places}))"
        )
        sees.append(scope)
        see_params += params
        fits.append(f"({scope} AND {holds})")
        fit_params += [*params, *sorted(sight.labels)]
    return f"({' OR '.join(sees)})", f"({' OR '.join(fits)})", [*see_params, *fit_params]


def _scope(sight: _Sight, now: datetime) -> tuple[str, list[Any]]:
    """Return the SQL test that a contact is among those who see these links."""
    if sight.rule is None:
        return ("1 = 1", [])
    query = select(sight.rule, now=now)
    word = "NOT IN" if sight.negated else "IN"
    return f"a.contact_id {word} (SELECT contact_id FROM ({query.sql}) s)", list(query.params)  # noqa: S608
