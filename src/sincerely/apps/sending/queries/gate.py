"""The gate just before the hand-over: fresh facts, read in the dialling commit.

The decision is the SQL reading of `rules.gate.decide` (queries/facts.py): one statement for all
mails of a commit, 10 µs each. Reading again is so cheap that nothing is remembered between commits.

Besides permission, opt-outs and suppression it reads withdrawals that the tracker has answered but
the folder has not yet folded: the second of grace starts at the tracker's 200.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from sincerely.apps.engagement.queries.watermarks import CAPTURE, POSITION, unfolded_unsubscribes
from sincerely.apps.sending.models import Message
from sincerely.apps.sending.queries.facts import FACTS, facts_parameters, reason_sql
from sincerely.apps.sending.queries.outbox import Switch, switch_of
from sincerely.apps.sending.queries.sql import id_rows, id_values, run

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
    left = just_left() if candidates else {}
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
    is_marketing = switch.tag != "transactional"
    sql = (
        f"WITH given AS ({id_rows()}), facts AS ({FACTS})"  # noqa: S608 -- fixed parts
        f" SELECT contact_id, address_key, {reason_sql(is_marketing=is_marketing)} FROM facts"
    )
    parameters = [
        id_values(c.contact_id for c in group),
        *facts_parameters(switch.subscription_type_id, now),
    ]
    facts = {number: (bytes(key), reason) for number, key, reason in run(sql, parameters)}
    found = {}
    for candidate in group:
        key, reason = facts.get(candidate.contact_id, (b"", ""))
        if key != candidate.address_key:  # or the contact is gone altogether
            reason = "address_changed"
        elif not reason and is_marketing and candidate.contact_id in left:
            kinds = left[candidate.contact_id]
            reason = "opted_out" if kinds & {switch.subscription_type_id, None} else ""
        found[candidate.id] = reason
    return found


def just_left() -> dict[int, set[int | None]]:
    """Contacts who have pressed one-click unsubscribe just now, with the type they left."""
    mark = run(POSITION, [CAPTURE])
    message_ids = unfolded_unsubscribes(mark[0][0] if mark else 0)
    left: dict[int, set[int | None]] = defaultdict(set)
    if not message_ids:
        return left
    for contact_id, kind in Message.objects.filter(pk__in=message_ids).values_list(
        "contact_id", "mailing__subscription_type_id"
    ):
        left[contact_id].add(kind)
    return left
