"""Sealing consent records: one Merkle root over those since the last seal, chained.

On PostgreSQL ids commit out of order, and no snapshot tells whether a lower id is still to come. A
share lock on the table does: it is granted only when nobody has an uncommitted record, so every id
up to the highest is final. It waits 50 ms at most, holds for one index look-up, and is tried again
a second later; writers themselves take no chain lock.
"""

from __future__ import annotations

from datetime import datetime

from django.db import OperationalError, connection, transaction

from sincerely.apps.consent.models import ConsentSeal
from sincerely.apps.consent.queries.seals import commitments, last_seal, newest_record_id
from sincerely.apps.consent.rules.seal import NO_SEAL, chain, merkle_root

SLICE = 4000


def seal_next(*, now: datetime, limit: int = SLICE) -> bool:
    """Seal the oldest unsealed records; True where more are waiting."""
    final_id = _final_id()
    if final_id is None:
        return False
    with transaction.atomic():
        before = last_seal()
        first_id = before.last_id + 1 if before else 1
        records = commitments(first_id, final_id, limit=limit)
        if not records:
            return False
        last_id = records[-1][0]
        root = merkle_root([commitment for _pk, commitment in records])
        chained = bytes(before.chained) if before else NO_SEAL
        ConsentSeal.objects.create(
            first_id=first_id,
            last_id=last_id,
            record_count=len(records),
            root=root,
            chained=chain(chained, root=root, first_id=first_id, last_id=last_id),
            at=now,
        )
    return last_id < final_id


def _final_id() -> int | None:
    """Return the id up to which no record can still appear, None where writers are at it."""
    if connection.vendor != "postgresql":
        return newest_record_id()
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '50ms'")
            cursor.execute("LOCK TABLE consent_consentrecord IN SHARE MODE")
            return newest_record_id()
    except OperationalError:  # the lock was not to be had in time
        return None
