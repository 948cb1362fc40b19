"""The outbox as the sender works it: claim, dial, settle, refuse, let go, recover.

Every write carries the fence of the claim, so that a row that was taken over by somebody else is
never touched by the one who lost it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from functools import partial
from math import ceil
from typing import Any, NamedTuple

from django.db import connection, transaction

from sincerely.apps.consent.actions import suppress
from sincerely.apps.engagement.models import MailingTag
from sincerely.apps.sending.models import Dispatch, State, Transport
from sincerely.apps.sending.queries.outbox import is_paced
from sincerely.apps.sending.queries.sql import (
    given_values,
    lock_rows,
    moment,
    moment_text,
    run,
    with_given,
)
from sincerely.wire import metrics

# MATERIALIZED: PostgreSQL may run a locking subquery once per row and so claim beyond the limit.
CLAIM = """
WITH due AS MATERIALIZED (SELECT id FROM sending_message WHERE mailing_id = %s
  AND state IN ('planned', 'deferred') AND due_at <= %s ORDER BY due_at, id LIMIT %s{lock})
UPDATE sending_message SET state = 'claimed', claimed_by = %s, fence = fence + 1, reason = ''
WHERE id IN (SELECT id FROM due)
RETURNING id, mailing_id, contact_id, nonce, address_key, version_id, fence, attempt_count"""

SETTLED = (
    ("id", "bigint"),
    ("fence", "integer"),
    ("state", "text"),
    ("reason", "text"),
    ("due_at", "timestamptz"),
    ("finished_at", "timestamptz"),
    ("at", "timestamptz"),
    ("code", "smallint"),
    ("words", "text"),
)
SETTLE = """
WITH given AS ({given}) UPDATE sending_message SET state = g.state, reason = g.reason,
  due_at = COALESCE(g.due_at, sending_message.due_at), finished_at = g.finished_at,
  attempt_count = attempt_count + 1, claimed_by = ''
FROM given g WHERE sending_message.id = g.id AND sending_message.fence = g.fence
  AND sending_message.state = 'dialling' RETURNING sending_message.id"""
RECORD = """
WITH given AS ({given}) INSERT INTO sending_attempt (message_id, at, outcome, code, text)
SELECT g.id, g.at, g.state, g.code, g.words FROM given g"""

LOST = "lost"  # taken over by another sender meanwhile
DIALLED = (("id", "bigint"), ("fence", "integer"), ("shown", "text"))
# Also what is dialling under this fence: the gate is asked again where a server is slow, and a
# commit whose answer was lost is repeated.
DIAL = """
WITH given AS ({given}) UPDATE sending_message SET state = 'dialling', shown_blocks = g.shown
FROM given g WHERE sending_message.id = g.id AND sending_message.fence = g.fence
  AND sending_message.state IN ('claimed', 'dialling') RETURNING sending_message.id"""

REFUSE = """
UPDATE sending_message SET state = %s, reason = %s, finished_at = %s, claimed_by = ''
WHERE id = %s AND fence = %s AND state IN ('claimed', 'dialling')"""

# Back to where it came from: never tried before means planned, else deferred.
LET_GO = """
UPDATE sending_message SET claimed_by = '',
  state = CASE WHEN attempt_count = 0 THEN 'planned' ELSE 'deferred' END
WHERE id = %s AND fence = %s AND state IN ('claimed', 'dialling')"""


class Claimed(NamedTuple):
    """A message that this sender owns, under a fence."""

    id: int
    mailing_id: int
    contact_id: int
    nonce: bytes
    address_key: bytes
    version_id: int | None
    fence: int
    attempt_count: int


class Settlement(NamedTuple):
    """What became of one hand-over, ready to be written."""

    message: Claimed
    state: str
    code: int | None = None
    text: str = ""
    reason: str = ""
    due_at: datetime | None = None
    finished_at: datetime | None = None
    suppresses: bool = False
    at: datetime | None = None  # of the attempt, where it is not now


def claim(mailing_id: int, *, owner: str, now: datetime, limit: int) -> list[Claimed]:
    """Take at most `limit` due messages of a mailing for this owner, within its rates per hour."""
    with transaction.atomic():
        limit = _within_pace(mailing_id, now, limit)
        if not limit:
            return []
        claimed = run(
            CLAIM.format(lock=lock_rows(skip_locked=True)), [mailing_id, moment(now), limit, owner]
        )
    return sorted(map(Claimed._make, claimed))


def _within_pace(mailing_id: int, now: datetime, limit: int) -> int:
    """Return how many may be claimed now; moves the pace of mailing and transport with it."""
    if not is_paced(mailing_id):
        return limit
    dispatch = Dispatch.objects.select_related("transport").get(pk=mailing_id)
    paced = [row for row in (dispatch, dispatch.transport) if row.per_hour]
    locked = [type(row).objects.select_for_update().get(pk=row.pk) for row in paced]
    for row in locked:
        if row.paced_until is not None and row.paced_until > now:
            return 0
        limit = min(limit, ceil((row.per_hour or 0) / 3600))
    for row in locked:
        start = max(row.paced_until or now, now - timedelta(seconds=1))
        row.paced_until = start + timedelta(hours=limit / (row.per_hour or 1))
        row.save(update_fields=["paced_until"])
    return limit


def settle(settlements: Sequence[Settlement], *, now: datetime) -> None:
    """Write attempts and states, in the caller's transaction; foreign fences change nothing."""
    if not settlements:
        return
    given = settled_values(settlements, now=now)
    settled = {row[0] for row in run(with_given(SETTLE, SETTLED), [given])}
    if len(settled) < len(settlements):  # taken over by another sender meanwhile: theirs to record
        given = settled_values([s for s in settlements if s.message.id in settled], now=now)
    run(with_given(RECORD, SETTLED), [given])
    for settlement in settlements:
        if settlement.suppresses:
            suppress(
                settlement.message.address_key,
                reason="hard_bounce",
                now=now,
                detail=settlement.text[:300],
            )


def settled_values(settlements: Sequence[Settlement], *, now: datetime) -> str:
    """Return the parameter for a statement with the rows `SETTLED`."""
    return given_values(settled_rows(settlements, now=now))


def settled_rows(settlements: Sequence[Settlement], *, now: datetime) -> list[tuple[Any, ...]]:
    """Return the rows `SETTLED`, times as text."""
    texts = {None: None, now: moment_text(now)}
    for at in {at for s in settlements for at in (s.due_at, s.finished_at, s.at)}:
        if at not in texts:
            texts[at] = moment_text(at)
    return [
        (
            s.message.id,
            s.message.fence,
            s.state,
            s.reason,
            texts[s.due_at],
            texts[s.finished_at],
            texts[s.at or now],
            s.code,
            s.text[:300].replace("\0", ""),
        )
        for s in settlements
    ]


def dial(granted: Sequence[tuple[Claimed, str]]) -> set[int]:
    """Mark messages, with the blocks they show, as being handed over; caller's transaction.

    Returns the ids of those that are: one that was taken over meanwhile is not, and must not leave.
    """
    if not granted:
        return set()
    given = given_values((m.id, m.fence, shown[:200]) for m, shown in granted)
    return {row[0] for row in run(with_given(DIAL, DIALLED), [given])}


def refuse(refused: Sequence[tuple[Claimed, str]], *, now: datetime) -> None:
    """Store why the gate said no; the reason 'cancelled' means the mailing was ended."""
    if refused:
        with connection.cursor() as cursor:
            cursor.executemany(
                REFUSE,
                [
                    (
                        State.CANCELLED if reason == "cancelled" else State.REFUSED,
                        "" if reason == "cancelled" else reason,
                        moment(now),
                        message.id,
                        message.fence,
                    )
                    for message, reason in refused
                ],
            )
        counts = Counter(reason for _, reason in refused if reason != "cancelled")
        transaction.on_commit(partial(_count_refusals, counts))


def _count_refusals(counts: Counter[str]) -> None:
    for reason, count in counts.items():
        metrics.REFUSED.labels(reason).inc(count)


def let_go(messages: Sequence[Claimed]) -> None:
    """Give messages back that were not handed over: somebody claims them again."""
    if messages:
        with connection.cursor() as cursor:
            cursor.executemany(LET_GO, [(message.id, message.fence) for message in messages])


def let_go_of_all(owner: str) -> None:
    """Give back all that an owner claimed and that is not cleared; its fences are void then."""
    with connection.cursor() as cursor:
        cursor.execute(NOT_CLEARED, [owner])


BEGUN = (("id", "bigint"), ("fence", "integer"))
CUT = "claimed_by = %s AND state = 'dialling'"
OF_THEM = """ AND EXISTS (SELECT 1 FROM ({given}) g
  WHERE g.id = sending_message.id AND g.fence = sending_message.fence)"""
# Transactional mail whose hand-over was cut is repeated under its Message-ID.
REPEAT = f"""
UPDATE sending_message SET state = 'deferred', claimed_by = '', fence = fence + 1, due_at = %s,
  attempt_count = attempt_count + 1
WHERE mailing_id IN (SELECT id FROM engagement_mailing WHERE tag = %s) AND {CUT}"""  # noqa: S608
RECORD_CUT = f"""
INSERT INTO sending_attempt (message_id, at, outcome, code, text)
SELECT id, {{at}}, 'unknown', NULL, 'The sender was stopped while handing over.'
FROM sending_message WHERE {CUT}"""  # noqa: S608 -- fixed parts
UNKNOWN = f"""
UPDATE sending_message SET state = 'unknown', claimed_by = '', fence = fence + 1,
  finished_at = %s, attempt_count = attempt_count + 1 WHERE {CUT}"""  # noqa: S608 -- fixed parts
NOT_CLEARED = """
UPDATE sending_message SET claimed_by = '', fence = fence + 1,
  state = CASE WHEN attempt_count = 0 THEN 'planned' ELSE 'deferred' END
WHERE claimed_by = %s AND state = 'claimed'"""
AGAIN = NOT_CLEARED.replace("= 'claimed'", "IN ('claimed', 'dialling')")


def recover(
    owner: str, *, now: datetime, begun: Collection[tuple[int, int]] | None
) -> tuple[int, int]:
    """Take over from a sender that is dead: (rows given back, rows now unknown).

    `begun` are the messages, with their fences, whose content may have left without an answer; of
    what is dialling, all others are given back. None: nobody knows, it may be all of them.
    """
    given = [] if begun is None else [given_values(begun)]
    at = "CAST(%s AS timestamptz)" if connection.vendor == "postgresql" else "%s"

    def over_the_cut(sql: str, *parameters: Any) -> int:
        """Run a statement over all whose hand-over was cut."""
        with connection.cursor() as cursor:
            whole = sql if begun is None else with_given(f"{sql}{OF_THEM}", BEGUN)
            cursor.execute(whole, [*parameters, owner, *given])
            return int(cursor.rowcount)

    with transaction.atomic(), connection.cursor() as cursor:
        over_the_cut(REPEAT, moment(now), MailingTag.TRANSACTIONAL)
        over_the_cut(RECORD_CUT.format(at=at), moment(now))
        unknown = over_the_cut(UNKNOWN, moment(now))
        cursor.execute(AGAIN, [owner])
        return cursor.rowcount, unknown


def note_trouble(transport_id: int, words: str, *, now: datetime) -> None:
    """Say on the transport why nothing leaves; '' clears it."""
    Transport.objects.filter(pk=transport_id).exclude(trouble=words[:300]).update(
        trouble=words[:300], trouble_at=now if words else None
    )
