"""The gate just before the hand-over: fresh facts, read in the dialling commit.

Besides permission, opt-outs and suppression it reads withdrawals that the tracker has answered but
the folder has not yet folded: the second of grace starts at the tracker's 200.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from sincerely.apps.engagement.queries import unfolded_unsubscribes
from sincerely.apps.sending.models import Message
from sincerely.apps.sending.queries.facts import FACTS, FactsRow, facts_parameters
from sincerely.apps.sending.queries.outbox import Switch, switch_of
from sincerely.apps.sending.queries.sql import id_rows, id_values, rows
from sincerely.apps.sending.rules.gate import Send, Skip, decide

WAIT = "wait"


class Candidate(Protocol):
    """A claimed message that wants to leave."""

    @property
    def id(self) -> int:
        """The row."""

    @property
    def mailing_id(self) -> int:
        """Whose mailing."""

    @property
    def contact_id(self) -> int:
        """Whose mail."""

    @property
    def address_key(self) -> bytes:
        """The key frozen at planning."""


def verdicts(candidates: Sequence[Candidate], *, now: datetime) -> dict[int, str]:
    """Return per message id: '' may leave, `wait` for paused or held, else the reason.

    'cancelled' is the reason where the mailing was ended.
    """
    by_mailing: dict[int, list[Candidate]] = defaultdict(list)
    for candidate in candidates:
        by_mailing[candidate.mailing_id].append(candidate)
    left = _just_left() if candidates else {}
    found: dict[int, str] = {}
    for mailing_id, group in by_mailing.items():
        switch = switch_of(mailing_id)
        if switch.is_open:
            found |= _judged(group, switch, left, now=now)
        else:
            verdict = "cancelled" if switch.state == "cancelled" else WAIT
            found |= dict.fromkeys((c.id for c in group), verdict)
    return found


def _judged(
    group: Sequence[Candidate],
    switch: Switch,
    left: Mapping[int, set[int | None]],
    *,
    now: datetime,
) -> dict[int, str]:
    sql = (
        f"WITH given AS ({id_rows()}), facts AS ({FACTS}) SELECT contact_id, address_key, blocks,"  # noqa: S608 -- fixed parts
        " has_complained, opted_out_of_all, permission, has_evidence, is_stale FROM facts"
    )
    parameters = [
        id_values(c.contact_id for c in group),
        *facts_parameters(switch.subscription_type_id, now),
    ]
    facts = {row[0]: FactsRow(*row) for row in rows(sql, parameters)}
    is_marketing = switch.tag != "transactional"
    found = {}
    for candidate in group:
        row = facts[candidate.contact_id]
        verdict = decide(row.facts(planned_key=candidate.address_key, is_marketing=is_marketing))
        has_left = is_marketing and (
            left.get(candidate.contact_id, set()) & {switch.subscription_type_id, None}
        )
        if isinstance(verdict, Skip):
            found[candidate.id] = verdict.reason
        else:
            assert isinstance(verdict, Send)
            found[candidate.id] = "opted_out" if has_left else ""
    return found


def _just_left() -> dict[int, set[int | None]]:
    """Contacts who have pressed one-click unsubscribe just now, with the type they left."""
    message_ids = unfolded_unsubscribes()
    left: dict[int, set[int | None]] = defaultdict(set)
    if not message_ids:
        return left
    for contact_id, kind in Message.objects.filter(pk__in=message_ids).values_list(
        "contact_id", "mailing__subscription_type_id"
    ):
        left[contact_id].add(kind)
    return left
