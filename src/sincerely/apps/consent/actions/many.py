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
from sincerely.apps.contacts.models import Contact
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
    bound = connection.ops.adapt_datetimefield_value
    told = bound(now)
    head = (subscription_type_id, channel, evidence)
    rows = [(p.contact_id, *head, bound(p.at), told, *fixed, *_commit(p)) for p in permits]
    ids = sorted({p.contact_id for p in permits})
    places = ",".join(["%s"] * len(ids))
    with connection.cursor() as cursor:
        cursor.executemany(_INSERT, rows)
        cursor.execute(
            _DERIVE.format(places=places), [True, newest, subscription_type_id, told, *ids]
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


_INSERT_WITHDRAWAL = """
INSERT INTO consent_consentrecord
  (contact_id, act, channel, evidence, at, recorded_at, cause, member_id, api_key_id, import_id,
   salt, payload, commitment)
VALUES (%s, 'withdraw', %s, 0, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""
_OPT_OUT = """
INSERT INTO consent_optout (contact_id, record_id, since, cause)
SELECT contact_id, id, at, %s FROM consent_consentrecord WHERE id > %s AND contact_id IN ({places})
"""
# A withdrawal of everything, newest of all, decides each type that was ever permitted.
_CLOSE = """
UPDATE consent_permission SET is_in = %s, evidence = 0, since = %s,
  record_id = (SELECT o.record_id FROM consent_optout o
               WHERE o.contact_id = consent_permission.contact_id)
WHERE contact_id IN ({places})
  AND EXISTS (SELECT 1 FROM consent_consentrecord r
              WHERE r.contact_id = consent_permission.contact_id AND r.act = 'permit'
                AND r.subscription_type_id = consent_permission.subscription_type_id
                AND r.revoked_at IS NULL)
"""


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
    """Withdraw for each contact (at most a few thousand a call); return those it was news for.

    Of everything: set by set. Of one type: one by one. The caller audits the whole.
    """
    ids = list(dict.fromkeys(contact_ids))
    if subscription_type_id is None:
        return _withdraw_all(
            ids, channel=channel, now=now, actor=actor, cause=cause, import_id=import_id
        )
    return [
        contact_id
        for contact_id in ids
        if withdraw(
            contact_id,
            subscription_type_id=subscription_type_id,
            channel=channel,
            now=now,
            cause=cause,
            import_id=import_id,
        )
    ]


def _withdraw_all(
    ids: list[int],
    *,
    channel: str,
    now: datetime,
    actor: Actor,
    cause: str,
    import_id: int | None,
) -> list[int]:
    gone = set(OptOut.objects.filter(contact_id__in=ids).values_list("contact_id", flat=True))
    contacts = Contact.objects.filter(pk__in=set(ids) - gone).order_by("pk")
    addresses = dict(contacts.values_list("pk", "address"))
    if not addresses:
        return []
    newest = ConsentRecord.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    at = connection.ops.adapt_datetimefield_value(now)
    fixed = (channel, at, at, cause, actor.member_id, actor.api_key_id, import_id)
    rows = [
        (pk, *fixed, *_commit(BulkPermit(pk, Proof(address=address), now)))
        for pk, address in addresses.items()
    ]
    places = ",".join(["%s"] * len(addresses))
    with connection.cursor() as cursor:
        cursor.executemany(_INSERT_WITHDRAWAL, rows)
        cursor.execute(_OPT_OUT.format(places=places), [cause or str(channel), newest, *addresses])
        cursor.execute(_CLOSE.format(places=places), [False, at, *addresses])
    return list(addresses)
