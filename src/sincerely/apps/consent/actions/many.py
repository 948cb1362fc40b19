"""Consent of many contacts at once: the same records and the same fold, set by set.

Imports write tens of thousands of permits. None of them is a contact's own act, so the fold is
simple enough for SQL: whoever has any withdrawal keeps it (those few go through the full fold), and
everybody else is in by the strongest, newest record. A test holds both ways equal.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction

from sincerely.apps.consent.actions.records import refold, withdraw
from sincerely.apps.consent.models import Act, ConsentRecord, OptOut, Permission
from sincerely.apps.consent.rules.permission import OWN_CHANNELS
from sincerely.apps.consent.rules.proof import (
    SALT_BYTES,
    Proof,
    canonical_payload,
    commitment_of,
)
from sincerely.apps.team.rules import PROGRAM, Actor


@dataclass(frozen=True, slots=True)
class BulkPermit:
    """One contact's permit in a bulk: the proof, and when the contact gave it."""

    contact_id: int
    proof: Proof
    at: datetime


_INSERT = """
INSERT INTO consent_consentrecord
  (contact_id, subscription_type_id, act, channel, evidence, at, recorded_at, wording_id, cause,
   member_id, api_key_id, import_id, salt, payload, commitment)
VALUES (%s, %s, 'permit', %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""

# The strongest, then newest, record of the bulk per contact becomes the permission if it beats
# the one that stands; contacts with a withdrawal are left to the fold.
_DERIVE = """
INSERT INTO consent_permission
  (contact_id, subscription_type_id, is_in, evidence, record_id, since)
SELECT contact_id, subscription_type_id, %s, evidence, id, at
FROM (
  SELECT r.id, r.contact_id, r.subscription_type_id, r.evidence, r.at,
         ROW_NUMBER() OVER (PARTITION BY r.contact_id ORDER BY r.at DESC, r.id DESC) AS place
  FROM consent_consentrecord r
  WHERE r.id > %s AND r.subscription_type_id = %s AND r.act = 'permit' AND r.recorded_at = %s
    AND r.contact_id IN ({places})
    AND NOT EXISTS (SELECT 1 FROM consent_consentrecord w
                    WHERE w.contact_id = r.contact_id AND w.act = 'withdraw')
) AS newest WHERE place = 1
ON CONFLICT (contact_id, subscription_type_id) DO UPDATE
SET is_in = excluded.is_in, evidence = excluded.evidence, record_id = excluded.record_id,
    since = excluded.since
WHERE excluded.evidence > consent_permission.evidence
   OR (excluded.evidence = consent_permission.evidence
       AND excluded.since >= consent_permission.since)
"""


@transaction.atomic
def permit_many(
    permits: Sequence[BulkPermit],
    *,
    subscription_type_id: int,
    channel: str,
    evidence: int,
    now: datetime,
    actor: Actor,
    wording_id: int | None = None,
    import_id: int | None = None,
    cause: str = "",
) -> set[int]:
    """Record the permits (at most a few thousand a call); return the contacts who stay out.

    Those left earlier: their withdrawal stands, the record is kept as what was claimed. `channel`
    must not be one of the contact's own acts. The caller writes the audit entry for the whole.
    """
    if channel in OWN_CHANNELS:
        raise ValueError("A contact's own act is recorded one by one.")
    if not permits:
        return set()
    newest = ConsentRecord.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    fixed = (wording_id, cause, actor.member_id, actor.api_key_id, import_id)
    rows = [
        (p.contact_id, subscription_type_id, channel, evidence, p.at, now, *fixed, *_commit(p))
        for p in permits
    ]
    ids = sorted({p.contact_id for p in permits})
    places = ",".join(["%s"] * len(ids))
    with connection.cursor() as cursor:
        cursor.executemany(_INSERT, rows)
        cursor.execute(
            _DERIVE.format(places=places), [True, newest, subscription_type_id, now, *ids]
        )
    return _fold_those_who_left(ids, subscription_type_id)


def _commit(permit: BulkPermit) -> tuple[bytes, str, bytes]:
    salt = secrets.token_bytes(SALT_BYTES)
    payload = canonical_payload(permit.proof)
    return salt, payload, commitment_of(salt, payload)


def _fold_those_who_left(ids: list[int], subscription_type_id: int) -> set[int]:
    left = ConsentRecord.objects.filter(contact_id__in=ids, act=Act.WITHDRAW)
    for contact_id in sorted(set(left.values_list("contact_id", flat=True))):
        refold(contact_id)
    out = Permission.objects.filter(
        contact_id__in=ids, subscription_type_id=subscription_type_id, is_in=False
    )
    gone = OptOut.objects.filter(contact_id__in=ids)
    return {
        *out.values_list("contact_id", flat=True),
        *gone.values_list("contact_id", flat=True),
    }


@transaction.atomic
def withdraw_many(
    contact_ids: Sequence[int],
    *,
    subscription_type_id: int | None,
    channel: str,
    now: datetime,
    actor: Actor = PROGRAM,
    cause: str = "",
    import_id: int | None = None,
) -> list[int]:
    """Withdraw for each contact (a slice of at most some hundred); return those it was news for."""
    changed = []
    for contact_id in dict.fromkeys(contact_ids):
        record = withdraw(
            contact_id,
            subscription_type_id=subscription_type_id,
            channel=channel,
            now=now,
            actor=PROGRAM if import_id else actor,
            cause=cause,
            import_id=import_id,
        )
        if record is not None:
            changed.append(contact_id)
    return changed
