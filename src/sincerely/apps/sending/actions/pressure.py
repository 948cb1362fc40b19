"""The cap and quiet hours at work: who may be handed over now, who waits, who is left out.

Asked twice. Early, when mail is claimed and before it is written: nothing is locked, and mail that
has to wait costs no rendering. And in the transaction that marks 'dialling': the row of each
address is locked and the mail noted there, so however many mailings, senders and machines want to
mail an address at once, one after the other looks. A row is one mail's memory of the others; where
it is missing, or older than the limits, it is read from the messages first. Before the cap stops a
mail, what is noted is compared with the messages: one that failed in the end takes no room.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import transaction

from sincerely.apps.sending.actions import outbox
from sincerely.apps.sending.actions.outbox import Claimed
from sincerely.apps.sending.queries import restraint as queries
from sincerely.apps.sending.queries.restraint import Asked
from sincerely.apps.sending.queries.sql import (
    given_values,
    id_rows,
    id_values,
    moment_text,
    run,
    with_given,
)
from sincerely.apps.sending.rules.pressure import (
    IMPORTED,
    Mail,
    free_at,
    microseconds,
    moment_of,
    still_counting,
)
from sincerely.apps.sending.rules.restraint import (
    CAPPED,
    Go,
    LeftOut,
    NotBefore,
    Restraint,
    Word,
    judge,
)

LATER = "later"
# A mail that makes way for a more important one asks again soon: the other may yet be refused.
MAKES_WAY = timedelta(minutes=10)
MOST_ROUNDS = 20

ROWS = """
INSERT INTO sending_pressure (address_key, recent, round)
SELECT DISTINCT m.address_key, '[]', -1 FROM ({given}) g JOIN sending_message m ON m.id = g.id
WHERE TRUE ORDER BY m.address_key ON CONFLICT DO NOTHING"""

NOTE_COLUMNS = (("id", "bigint"), ("recent", "text"), ("round", "integer"))
NOTE = """
WITH given AS ({given}) UPDATE sending_pressure SET recent = g.recent, round = g.round
FROM given g JOIN sending_message m ON m.id = g.id
WHERE sending_pressure.address_key = m.address_key"""

LATER_COLUMNS = (
    ("id", "bigint"),
    ("fence", "integer"),
    ("reason", "text"),
    ("due_at", "timestamptz"),
)
PUT_OFF = """
WITH given AS ({given}) UPDATE sending_message SET reason = g.reason, due_at = g.due_at,
  state = CASE WHEN attempt_count = 0 THEN 'planned' ELSE 'deferred' END, claimed_by = ''
FROM given g WHERE sending_message.id = g.id AND sending_message.fence = g.fence
  AND sending_message.state IN ('claimed', 'dialling')"""


def hold_back(messages: Sequence[Claimed], *, now: datetime) -> dict[int, str]:
    """Return who must not be handed over now: `LATER` (written down here), else the reason.

    In the caller's transaction, which marks the others as dialling: they are noted.
    """
    restraint = queries.standing() if messages else None
    return _Look(restraint, now, is_final=True).at(messages) if restraint else {}


def claim_free(mailing_id: int, *, owner: str, now: datetime, limit: int) -> list[Claimed]:
    """Claim, and give back at once who would have to wait: at most `limit` who may go now."""
    for _ in range(MOST_ROUNDS):
        claimed = outbox.claim(mailing_id, owner=owner, now=now, limit=limit)
        restraint = queries.standing() if claimed else None
        if restraint is None:
            return claimed
        with transaction.atomic():
            held = _Look(restraint, now, is_final=False).at(claimed)
            refused = [(m, held[m.id]) for m in claimed if held.get(m.id, LATER) != LATER]
            outbox.refuse(refused, now=now)
        if len(held) < len(claimed):
            return [message for message in claimed if message.id not in held]
    return []


@dataclass(slots=True)
class _Look:
    """One look at a batch of mails; `recent` is what counts per address, as it stands."""

    restraint: Restraint
    now: datetime
    is_final: bool
    recent: dict[bytes, list[Mail]] = field(default_factory=dict)
    rounds: dict[bytes, int] = field(default_factory=dict)
    rivals: dict[int, list[Mail]] = field(default_factory=dict)

    def at(self, messages: Sequence[Claimed]) -> dict[int, str]:
        """Judge them one after the other, note who goes, put off who waits."""
        asked = queries.asks((m.id for m in messages), time_zone=self.restraint.time_zone)
        mine = [message for message in messages if message.id in asked]
        if self.restraint.limits:
            self._read(mine, asked)
        words = {message.id: self._word(message, asked[message.id]) for message in mine}
        if self.restraint.limits and self.is_final:
            self._note(mine)
        self._put_off(mine, words)
        return {
            number: word.reason if isinstance(word, LeftOut) else LATER
            for number, word in words.items()
            if not isinstance(word, Go)
        }

    def _read(self, messages: Sequence[Claimed], asked: dict[int, Asked]) -> None:
        """Read what is noted for the addresses; what is missing or too old, from the messages."""
        ids = [message.id for message in messages]
        if self.is_final and ids:
            run(ROWS.format(given=id_rows()), [id_values(ids)])
        for key, (recent, round_) in queries.noted(ids, locks=self.is_final).items():
            if round_ >= self.restraint.round:
                self.recent[key], self.rounds[key] = recent, round_
        if self.is_final:
            unknown = [n for n in ids if asked[n].address_key not in self.recent]
            reach = max(limit.reach_us for limit in self.restraint.limits)
            since = moment_of(microseconds(self.now) - reach)
            self.recent |= queries.sent(unknown, since=since, now=self.now)
        competing = [number for number in ids if asked[number].has_rivals]
        self.rivals = queries.rivals(competing, now=self.now)
        self._forget_failed([asked[number].address_key for number in ids])

    def _forget_failed(self, keys: Sequence[bytes]) -> None:
        """Where a limit has no room, forget what did not leave after all."""
        limits, now = self.restraint.limits, self.now
        full = [k for k in keys if any(x.has_no_room(self.recent.get(k, ()), now) for x in limits)]
        noted = {mail.message_id for key in full for mail in self.recent[key]} - {IMPORTED}
        left = queries.have_left(noted) | {IMPORTED}
        for key in full:
            self.recent[key] = [mail for mail in self.recent[key] if mail.message_id in left]

    def _word(self, message: Claimed, asked: Asked) -> Word:
        """Judge one; whoever goes counts for the next to the same address."""
        key = asked.address_key
        others = [mail for mail in self.recent.get(key, []) if mail.message_id != message.id]
        word = judge(asked.ask, others, restraint=self.restraint, now=self.now)
        if isinstance(word, Go) and self._makes_way(message, asked, others):
            word = NotBefore(self.now + MAKES_WAY, CAPPED)
        if isinstance(word, Go):
            others = [
                *others,
                Mail(message.id, microseconds(self.now), asked.ask.subscription_type_id),
            ]
        self.recent[key] = others
        return word

    def _makes_way(self, message: Claimed, asked: Asked, others: Sequence[Mail]) -> bool:
        """Say whether there would be no room left once more important mail has gone."""
        known = {mail.message_id for mail in others}
        more = [m for m in self.rivals.get(message.id, []) if m.message_id not in known]
        kind = asked.ask.subscription_type_id
        limits = self.restraint.limits
        return (
            bool(more) and free_at([*others, *more], limits, subscription_type_id=kind) > self.now
        )

    def _note(self, messages: Sequence[Claimed]) -> None:
        """Write what counts now per address; the rows are locked."""
        given = []
        for key, number in {bytes(m.address_key): m.id for m in messages}.items():
            counting = still_counting(self.recent[key], self.restraint.limits, now=self.now)
            round_ = max(self.rounds.get(key, -1), self.restraint.round)
            given.append((number, json.dumps(counting), round_))
        if given:
            run(with_given(NOTE, NOTE_COLUMNS), [given_values(given)])

    def _put_off(self, messages: Sequence[Claimed], words: dict[int, Word]) -> None:
        """Write who waits, until when and why; somebody claims them again then."""
        given = [
            (message.id, message.fence, word.reason, moment_text(word.at))
            for message in messages
            if isinstance(word := words[message.id], NotBefore)
        ]
        if given:
            run(with_given(PUT_OFF, LATER_COLUMNS), [given_values(given)])
