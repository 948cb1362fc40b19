"""Planning: an audience becomes message rows, skips with their reason included.

All by set-based SQL. A call reads the next contact ids of the audience once, outside any
transaction, then writes them slice by slice, each moving `planned_through_id` in the same commit:
a crash anywhere resumes without a gap or a double. A transaction takes further slices while nobody
waits for it (each page of an index is then written once for many rows). Of several contacts with
one address that may get the mail, the lowest contact id gets it; the others are skipped as
`same_address`. A workflow's step plans one contact at a time, each mail with an occasion and a due
time of its own.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import IntegrityError, connection, transaction

from sincerely.apps.engagement.models import MailingTag
from sincerely.apps.segments.query import ContactQuery
from sincerely.apps.sending.models import Dispatch, Message, SkipReason
from sincerely.apps.sending.queries.facts import FACTS, facts_parameters, reason_sql
from sincerely.apps.sending.queries.sql import id_rows, id_values, is_postgresql, moment, rows
from sincerely.wire.sqlite.turnstile import somebody_waits

FIRST_SLICE, SMALLEST_SLICE, LARGEST_SLICE = 1_000, 100, 10_000
TARGET_SECONDS = 0.03  # of CPU for a slice: who comes to the turnstile waits for it and a commit
LONGEST_SECONDS = 0.4  # of a transaction that nobody waits for


@dataclass(frozen=True, slots=True)
class PlanProgress:
    """How far a plan has come: contacts looked at in this call, and whether it is complete."""

    looked_at_count: int
    through_id: int
    is_done: bool


def plan_slice(
    mailing_id: int,
    audience: ContactQuery,
    *,
    version_id: int | None,
    due_at: datetime,
    now: datetime,
    limit: int = 5_000,
    due_by_zone: Mapping[str, datetime] | None = None,
) -> PlanProgress:
    """Plan the next `limit` contacts of the audience; call again until `is_done`.

    `due_by_zone` gives contacts of some time zones a due time of their own (local sending). A
    cancelled mailing is not planned any further. The audience is read afresh at each call, so let
    `limit` be large where the rule is expensive.
    """
    dispatch = Dispatch.objects.select_related("mailing").get(pk=mailing_id)
    if dispatch.is_planned or dispatch.state == "cancelled":
        return PlanProgress(0, dispatch.planned_through_id, is_done=True)
    ids = _next_ids(audience, dispatch.planned_through_id, limit)
    plan = _Plan(dispatch, version_id, due_at, now, due_by_zone or {})
    through, start = dispatch.planned_through_id, 0
    while start < len(ids):
        written = plan.write(ids[start:], after=through)
        if not written:
            return PlanProgress(start, through, is_done=False)
        start += written
        through = ids[start - 1]
    is_done = len(ids) < limit
    if is_done:
        Dispatch.objects.filter(pk=mailing_id, planned_through_id=through).update(is_planned=True)
    return PlanProgress(len(ids), through, is_done)


def plan_for_one(
    contact_id: int,
    *,
    mailing_id: int,
    occasion: int,
    version_id: int | None,
    due_at: datetime,
    now: datetime,
) -> Message | None:
    """Plan one contact's mail of a mailing that has no audience; the same occasion again is one.

    `occasion` is not 0, which is a campaign's. Who may not get the mail has it skipped with its
    reason, and the gate is asked once more when it leaves. None: the mailing is cancelled.
    """
    with transaction.atomic():
        dispatches = Dispatch.objects.select_for_update(of=("self",)).select_related("mailing")
        dispatch = dispatches.get(pk=mailing_id)
        if dispatch.state == "cancelled":
            return None
        plan = _Plan(dispatch, version_id, due_at, now, {}, occasion=occasion)
        plan.insert_new([contact_id])
    return Message.objects.get(mailing_id=mailing_id, contact_id=contact_id, occasion=occasion)


def _next_ids(audience: ContactQuery, after: int, limit: int) -> list[int]:
    sql = (
        f"SELECT contact_id FROM ({audience.sql}) audience"  # noqa: S608 -- a compiled rule
        " WHERE contact_id > %s ORDER BY contact_id LIMIT %s"
    )
    return [row[0] for row in rows(sql, [*audience.params, after, limit])]


@dataclass(slots=True)
class _Plan:
    """The statement that turns contact ids into message rows, with its fixed parameters."""

    dispatch: Dispatch
    version_id: int | None
    due_at: datetime
    now: datetime
    due_by_zone: Mapping[str, datetime]
    occasion: int = 0
    size: int = field(default_factory=lambda: FIRST_SLICE)
    asks_first: bool = field(default_factory=lambda: not is_postgresql())

    def write(self, ids: Sequence[int], *, after: int) -> int:
        """Write the first of these contacts in one transaction and return how many.

        0 if another planner or a cancel came first.
        """
        start, ends_at = 0, time.monotonic() + LONGEST_SECONDS
        with transaction.atomic():
            while start < len(ids):
                part = ids[start : start + self.size]
                if not self._slice(part, after=ids[start - 1] if start else after):
                    break
                start += len(part)
                if is_postgresql() or somebody_waits() or time.monotonic() > ends_at:
                    break
        return start

    def _slice(self, ids: Sequence[int], *, after: int) -> bool:
        begun = time.thread_time()
        moved = Dispatch.objects.filter(
            pk=self.dispatch.pk, planned_through_id=after, is_planned=False
        ).exclude(state="cancelled")
        if not moved.update(planned_through_id=ids[-1]):
            return False
        if not self._insert_all(ids):
            self.insert_new(ids)
        factor = TARGET_SECONDS / max(time.thread_time() - begun, 0.001)
        wanted = int(self.size * min(max(factor, 0.5), 2.0))
        self.size = min(max(wanted, SMALLEST_SLICE), LARGEST_SLICE)
        return True

    def insert_new(self, ids: Sequence[int]) -> None:
        """Insert a row for each contact without one; within a transaction."""
        if self._insert(ids) < len(ids):
            self._insert(self._without_message(ids), reason=SkipReason.SAME_ADDRESS)

    def _insert_all(self, ids: Sequence[int]) -> bool:
        """Insert all at once; False, and nothing is inserted, where a unique key refuses one.

        Not asking the keys first halves the cost on PostgreSQL; once refused, we ask.
        """
        if self.asks_first:
            return False
        try:
            with transaction.atomic():
                self._insert(ids, conflict="")
        except IntegrityError:
            self.asks_first = True
        return not self.asks_first

    def _insert(
        self, ids: Sequence[int], *, reason: str = "", conflict: str = "ON CONFLICT DO NOTHING"
    ) -> int:
        """Insert rows, those with a reason as skips; return how many were new.

        A row is not inserted where the contact has one, or where another contact has one that
        may leave to the same address: the database's unique keys say so.
        """
        if not ids:
            return 0
        with connection.cursor() as cursor:
            if is_postgresql():  # ids are keys: by index, not by a scan of tables for each slice
                cursor.execute("SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off")
            cursor.execute(f"{self._sql()} {conflict}", self._parameters(ids, reason))
            return int(cursor.rowcount)

    def _without_message(self, ids: Sequence[int]) -> list[int]:
        there = Message.objects.filter(
            mailing_id=self.dispatch.pk,
            occasion=self.occasion,
            contact_id__gte=ids[0],
            contact_id__lte=ids[-1],
        )
        return sorted(set(ids) - set(there.values_list("contact_id", flat=True)))

    def _sql(self) -> str:
        is_marketing = self.dispatch.mailing.tag != MailingTag.TRANSACTIONAL
        nonce = (
            "substring(%s::bytea from (place * 6 - 5)::int for 6)"
            if is_postgresql()
            else "substr(%s, place * 6 - 5, 6)"
        )
        number = "%s::bigint" if is_postgresql() else "%s"
        due_cast = "CAST(%s AS timestamptz)" if is_postgresql() else "%s"
        due = due_cast
        if self.due_by_zone:
            whens = f" WHEN %s THEN {due_cast}" * len(self.due_by_zone)
            due = f"CASE time_zone{whens} ELSE {due_cast} END"
        # Facts once per contact: a plain subquery would be read again at each mention of them.
        return f"""
INSERT INTO sending_message (mailing_id, contact_id, occasion, nonce, address_key, version_id,
  state, reason, is_mailable, due_at, fence, claimed_by, attempt_count, planned_at, finished_at,
  shown_blocks)
WITH given AS ({id_rows()}),
facts AS MATERIALIZED ({FACTS}),
judged AS MATERIALIZED (SELECT contact_id, address_key, time_zone,
  COALESCE(NULLIF({reason_sql(is_marketing=is_marketing)}, ''), %s) AS reason,
  ROW_NUMBER() OVER (ORDER BY contact_id) AS place FROM facts)
SELECT %s, contact_id, {number}, {nonce}, address_key, {number},
  CASE WHEN reason = '' THEN 'planned' ELSE 'skipped' END, reason,
  reason = '', {due}, 0, '', 0, {due_cast},
  CASE WHEN reason = '' THEN NULL ELSE {due_cast} END, ''
FROM judged WHERE true ORDER BY place"""  # noqa: S608 -- fixed parts only

    def _parameters(self, ids: Sequence[int], reason: str) -> list[Any]:
        zones = [
            value for zone, at in sorted(self.due_by_zone.items()) for value in (zone, moment(at))
        ]
        return [
            id_values(ids),
            *facts_parameters(self.dispatch.subscription_type_id, self.now),
            reason,
            self.dispatch.pk,
            self.occasion,
            secrets.token_bytes(6 * len(ids)),
            self.version_id,
            *zones,
            moment(self.due_at),
            moment(self.now),
            moment(self.now),
        ]
