"""Records the permission that a member declared for the people of a file.

Set by set, with consent's own rules: whoever left earlier stays out, nobody gets weaker evidence
than they have, and each record carries a salted commitment to its proof.
"""

from __future__ import annotations

import json
import os
from datetime import datetime

from sincerely.apps.consent.models import ConsentRecord, Permission
from sincerely.apps.consent.rules.proof import commitment_of
from sincerely.apps.people.actions.slices import Batch, Slice, Taken
from sincerely.apps.people.queries import known
from sincerely.apps.people.rules.choices import Claim
from sincerely.apps.people.rules.outcome import may_permit
from sincerely.apps.people.rules.record import Record
from sincerely.apps.people.sql import bulk

SALT = 16
RECORD = (
    "id",
    "contact",
    "subscription_type",
    "act",
    "channel",
    "evidence",
    "at",
    "recorded_at",
    "cause",
    "member_id",
    "api_key_id",
    "import_id",
    "salt",
    "payload",
    "commitment",
)


def permit_slice(batch: Batch, part: Slice, *, claim: Claim, taken: Taken) -> None:
    """Give the declared permission to those of the slice who may have it; note who may not."""
    standing = known.standings(part.ids, type_id=claim.subscription_type_id)
    chosen: list[tuple[int, Record]] = []
    for contact_id, record in zip(part.ids, part.records, strict=True):
        now = standing.get(contact_id, known.NOBODY)
        verdict = may_permit(
            is_in=now.is_in,
            evidence=now.evidence,
            claimed=claim.evidence,
            opted_out=now.opted_out,
            suppressions=part.suppressed.get(record.key, frozenset()),
        )
        if verdict == "permit":
            chosen.append((contact_id, record))
        elif verdict != "have":
            taken.note(record, verdict)
    for record in part.records:
        if part.suppressed.get(record.key, frozenset()) & {"hard_bounce", "invalid", "manual"}:
            taken.note(record, "suppressed")
    _record_permissions(batch, claim, chosen)
    taken.counts["permitted"] += len(chosen)


def _record_permissions(batch: Batch, claim: Claim, chosen: list[tuple[int, Record]]) -> None:
    ids = bulk.allot_ids(ConsentRecord, len(chosen))
    salts = os.urandom(SALT * len(chosen))
    now = bulk.stored(batch.now)
    records: list[bulk.Row] = []
    permissions: list[bulk.Row] = []
    for place, (record_id, (contact_id, record)) in enumerate(zip(ids, chosen, strict=True)):
        salt = salts[place * SALT : (place + 1) * SALT]
        payload = payload_of(
            record.address,
            document=record.proof.get("document") or claim.document,
            ip=record.proof.get("ip", ""),
        )
        at = bulk.stored(_permitted_at(batch, claim, record))
        records.append(
            (
                record_id,
                contact_id,
                claim.subscription_type_id,
                "permit",
                "import",
                claim.evidence,
                at,
                now,
                "import",
                batch.member_id,
                batch.api_key_id,
                batch.import_id,
                salt,
                payload,
                commitment_of(salt, payload),
            )
        )
        permissions.append(
            (contact_id, claim.subscription_type_id, True, claim.evidence, record_id, at)
        )
    _write(records, permissions)


def _write(records: list[bulk.Row], permissions: list[bulk.Row]) -> None:
    bulk.insert(
        ConsentRecord,
        RECORD,
        records,
    )
    bulk.insert(
        Permission,
        ("contact", "subscription_type", "is_in", "evidence", "record", "since"),
        permissions,
        conflict="ON CONFLICT (contact_id, subscription_type_id) DO UPDATE SET "
        "evidence = excluded.evidence, record_id = excluded.record_id, since = excluded.since "
        "WHERE consent_permission.is_in AND consent_permission.evidence < excluded.evidence",
    )


_QUOTED = json.JSONEncoder(ensure_ascii=False).encode


def payload_of(address: str, *, document: str, ip: str) -> str:
    """Return consent's canonical_payload of these values, written out (it is 12 times faster)."""
    return (
        f'{{"address":{_QUOTED(address)},"document":{_QUOTED(document)},"ip":{_QUOTED(ip)},'
        '"user_agent":"","wording_hash":""}'
    )


def _permitted_at(batch: Batch, claim: Claim, record: Record) -> datetime:
    """Return the time of the permission: its own column, the claim, the sign-up, or now."""
    given = record.moments.get("permission_at")
    declared = datetime.fromisoformat(claim.at) if claim.at else None
    at = given or declared or record.moments.get("signed_up_at") or batch.now
    return min(at, batch.now)
