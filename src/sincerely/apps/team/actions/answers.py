"""The first answers to API requests that carry an Idempotency-Key.

The claim, the act and the answer are one transaction: after a crash all three are gone, so the
request may be repeated; a repeat that arrives meanwhile waits for the first to commit.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import IntegrityError, transaction

from sincerely.apps.team.models import IdempotencyKey

KEPT = timedelta(hours=48)


def claim_answer(
    key: str, *, api_key_id: int, request_hash: bytes, now: datetime
) -> tuple[IdempotencyKey, bool]:
    """Return the row of this key and whether this request is the first. Call in a transaction."""
    try:
        with transaction.atomic():
            row = IdempotencyKey.objects.create(
                api_key_id=api_key_id, key=key, request_hash=request_hash, created_at=now
            )
    except IntegrityError:
        return IdempotencyKey.objects.get(api_key_id=api_key_id, key=key), False
    return row, True


def keep_answer(row_id: int, *, status: int, body: str) -> None:
    """Store the answer, to be given to every repeat."""
    IdempotencyKey.objects.filter(pk=row_id).update(status=status, body=body)


def forget_old_answers(*, now: datetime, limit: int = 1000) -> bool:
    """Delete answers past their time, at most `limit`; return whether there is more to do."""
    old = IdempotencyKey.objects.filter(created_at__lt=now - KEPT).values_list("pk", flat=True)
    chosen = list(old[:limit])
    IdempotencyKey.objects.filter(pk__in=chosen).delete()
    return len(chosen) == limit
