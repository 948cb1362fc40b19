"""Refused logins in the audit trail: per address and hour, so that no flood can fill it.

What was typed as a password is never seen here; the address is kept masked, since people type a
password into the wrong field, and found again by a keyed hash of it.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from sincerely.apps.team.models import AuditEntry
from sincerely.apps.team.rules import masked

KIND = "login"
WINDOW = timedelta(hours=1)
MOST_ADDRESSES = 50  # per window; the tries at all further ones are counted together
EVERYBODY_ELSE = 0


def note_refused_login(
    address: str, act: str, *, now: datetime, ip: str | None, is_counted: bool = True
) -> None:
    """Add an entry for this address, or count one more try in that of the last hour.

    An act that is not counted (a lock-out costs its sender nothing) is written once an hour.
    """
    with transaction.atomic():
        key = _key(address)
        entry = _latest(key, act, now=now)
        if entry is None and _is_flooded(now):
            key, address = EVERYBODY_ELSE, ""
            entry = _latest(key, act, now=now)
        if entry is None:
            AuditEntry.objects.create(
                at=now,
                ip=ip,
                act=act,
                subject_kind=KIND,
                subject_id=key,
                subject_name=masked(address) if address else "…",
                detail={"tries": 1} if is_counted else {},
            )
        elif is_counted:
            entry.detail = {"tries": entry.detail.get("tries", 1) + 1}
            entry.save(update_fields=["detail"])


def _latest(key: int, act: str, *, now: datetime) -> AuditEntry | None:
    rows = AuditEntry.objects.select_for_update().filter(
        subject_kind=KIND, subject_id=key, act=act, at__gt=now - WINDOW
    )
    return rows.order_by("-pk").first()


def _is_flooded(now: datetime) -> bool:
    recent = AuditEntry.objects.filter(subject_kind=KIND, at__gt=now - WINDOW)
    return recent.values("subject_id").distinct().count() >= MOST_ADDRESSES


def _key(address: str) -> int:
    """Return 62 bits of a keyed hash, never that of everybody else."""
    secret = hashlib.blake2b(settings.SECRET_KEY.encode(), person=b"refused login").digest()
    digest = hashlib.blake2b(address.strip().lower().encode(), key=secret, digest_size=8).digest()
    return (int.from_bytes(digest, "big") >> 2) or 1
