"""Records the permission that a member declared for the people of a file.

Set by set, with consent's own rules: whoever left earlier stays out, nobody gets weaker evidence
than they have, and each record carries a salted commitment to its proof.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sincerely.apps.consent.models import ConsentRecord, Permission
from sincerely.apps.consent.rules.proof import HASH_BYTES, SALT_BYTES, commitment_of
from sincerely.apps.people.actions.slices import Batch, Slice
from sincerely.apps.people.queries import compared, known
from sincerely.apps.people.rules.choices import Claim
from sincerely.apps.people.rules.outcome import may_permit
from sincerely.apps.people.rules.record import Table
from sincerely.apps.people.sql import bulk
from sincerely.apps.people.sql.bulk import Given, Made, Packed

START = '{"address":"'


@dataclass(slots=True)
class Evidence:
    """The evidence of a slice's permissions, by place; nothing where nobody is permitted.

    `payloads` holds those that are not simply `START`, the address, and `rest`.
    """

    salts: bytes
    rest: str
    record_ids: list[int | None]
    moments: list[Any]
    payloads: list[str | None]
    commitments: bytearray

    def staged(self) -> dict[str, Sequence[Any]]:
        """Return the columns that are staged."""
        columns: dict[str, Sequence[Any]] = {
            "record_id": self.record_ids,
            "permitted_at": self.moments,
        }
        return columns | ({"payload": self.payloads} if any(self.payloads) else {})


def evidence_of(batch: Batch, part: Slice) -> Evidence:
    """Return the evidence for the newcomers who may be permitted."""
    claim = batch.choices.claim
    assert claim is not None
    places = []
    for place, is_known in enumerate(part.known):
        if is_known:
            continue
        reasons = part.suppressed.get(place)
        verdict = _verdict(known.NOBODY, claim, reasons) if reasons else "permit"
        if verdict == "permit":
            places.append(place)
        else:
            part.note(place, verdict)
    part.taken.counts["permitted"] += len(places)
    return _evidence(batch, part, places)


def permit_slice(batch: Batch, part: Slice, *, evidence: Evidence) -> None:
    """Give the declared permission to those of the slice who may have it; note who may not."""
    claim = batch.choices.claim
    assert claim is not None
    _permit_new(batch, claim, evidence)
    if any(part.known):
        places = _known_to_permit(part, claim)
        _permit_known(batch, part, places)
        part.taken.counts["permitted"] += len(places)
    for place, reasons in part.suppressed.items():
        if reasons & {"hard_bounce", "invalid", "manual"}:
            part.note(place, "suppressed")


def _known_to_permit(part: Slice, claim: Claim) -> list[int]:
    places = set(compared.not_plainly_in(claim.subscription_type_id, claim.evidence))
    places |= {place for place in part.suppressed if part.known[place]}
    ids = [part.ids[place] for place in places]
    standing = known.standings(ids, type_id=claim.subscription_type_id)
    chosen = []
    for place in sorted(places):
        stands = standing.get(part.ids[place], known.NOBODY)
        verdict = _verdict(stands, claim, part.suppressed.get(place, frozenset()))
        if verdict == "permit":
            chosen.append(place)
        elif verdict != "have":
            part.note(place, verdict)
    return chosen


def _verdict(stands: known.Standing, claim: Claim, reasons: frozenset[str]) -> str:
    return may_permit(
        is_in=stands.is_in,
        evidence=stands.evidence,
        claimed=claim.evidence,
        opted_out=stands.opted_out,
        suppressions=reasons,
    )


def _evidence(batch: Batch, part: Slice, places: Sequence[int]) -> Evidence:
    """Allot records for these places and commit to their salted values."""
    claim, table = batch.choices.claim, part.table
    assert claim is not None
    count = len(part.ids)
    documents, ips = table.column("document"), table.column("ip")
    made = Evidence(
        os.urandom(SALT_BYTES * count),
        _rest_of_payload(claim.document, ""),
        [None] * count,
        [None] * count,
        [None] * count,
        bytearray(HASH_BYTES * count),
    )
    moments = _permitted_at(batch, claim, table)
    for record_id, place in zip(bulk.allot_ids(ConsentRecord, len(places)), places, strict=True):
        address = table.addresses[place]
        if documents[place] or ips[place] or '"' in address or "\\" in address:
            document = documents[place] or claim.document
            payload = payload_of(address, document=document, ip=ips[place] or "")
            made.payloads[place] = payload
        else:
            payload = f"{START}{address}{made.rest}"
        salt = made.salts[place * SALT_BYTES : (place + 1) * SALT_BYTES]
        made.commitments[place * HASH_BYTES : (place + 1) * HASH_BYTES] = commitment_of(
            salt, payload
        )
        made.record_ids[place], made.moments[place] = record_id, moments[place]
    return made


def _permitted_at(batch: Batch, claim: Claim, table: Table) -> list[Any]:
    """Return the time of each permission: its own column, the claim, the sign-up, or now."""
    declared = datetime.fromisoformat(claim.at) if claim.at else None
    given, signed_up = table.columns.get("permission_at"), table.columns.get("signed_up_at")
    fallback = bulk.stored(min(declared or batch.now, batch.now))
    if not given and (declared or not signed_up):
        return [fallback] * len(table.keys)
    first = given or table.column("permission_at")
    second = table.column("signed_up_at") if declared is None else table.column("")
    moments = [own or joined for own, joined in zip(first, second, strict=True)]
    known_moments = {at: bulk.stored(min(at, batch.now)) for at in set(moments) if at}
    return [known_moments.get(at, fallback) for at in moments]


def _fixed(batch: Batch, claim: Claim) -> dict[str, Any]:
    return {
        "subscription_type": claim.subscription_type_id,
        "act": "permit",
        "channel": "import",
        "evidence": claim.evidence,
        "recorded_at": bulk.stored(batch.now),
        "cause": "import",
        "member_id": batch.member_id,
        "api_key_id": batch.api_key_id,
        "import_id": batch.import_id,
    }


def _permit_new(batch: Batch, claim: Claim, evidence: Evidence) -> None:
    source = "FROM people_stage s WHERE s.record_id IS NOT NULL ORDER BY s.place"
    bulk.insert_from(
        ConsentRecord,
        {
            "id": "s.record_id",
            "contact": "s.contact_id",
            "at": "s.permitted_at",
            "salt": Packed(evidence.salts, SALT_BYTES),
            "payload": Made(f"COALESCE(s.payload, '{START}' || s.address || %s)", evidence.rest),
            "commitment": Packed(bytes(evidence.commitments), HASH_BYTES),
            **{name: Given(value) for name, value in _fixed(batch, claim).items()},
        },
        source,
    )
    bulk.insert_from(
        Permission,
        {
            "contact": "s.contact_id",
            "subscription_type": Given(claim.subscription_type_id),
            "is_in": "true",
            "evidence": Given(claim.evidence),
            "record": "s.record_id",
            "since": "s.permitted_at",
        },
        source,
    )


def _permit_known(batch: Batch, part: Slice, places: Sequence[int]) -> None:
    claim = batch.choices.claim
    assert claim is not None
    made, fixed = _evidence(batch, part, places), _fixed(batch, claim)
    records = [
        (
            part.ids[place],
            made.record_ids[place],
            made.moments[place],
            made.salts[place * SALT_BYTES : (place + 1) * SALT_BYTES],
            made.payloads[place] or f"{START}{part.table.addresses[place]}{made.rest}",
            bytes(made.commitments[place * HASH_BYTES : (place + 1) * HASH_BYTES]),
            *fixed.values(),
        )
        for place in places
    ]
    bulk.insert(
        ConsentRecord, ("contact", "id", "at", "salt", "payload", "commitment", *fixed), records
    )
    bulk.insert(
        Permission,
        ("contact", "record", "since", "subscription_type", "is_in", "evidence"),
        [(*record[:3], claim.subscription_type_id, True, claim.evidence) for record in records],
        conflict="ON CONFLICT (contact_id, subscription_type_id) DO UPDATE SET "
        "evidence = excluded.evidence, record_id = excluded.record_id, since = excluded.since "
        "WHERE consent_permission.is_in AND consent_permission.evidence < excluded.evidence",
    )


_QUOTED = json.JSONEncoder(ensure_ascii=False).encode


def payload_of(address: str, *, document: str, ip: str) -> str:
    """Return consent's canonical_payload of these values, written out (it is 12 times faster)."""
    return f'{{"address":{_QUOTED(address)}{_rest_of_payload(document, ip)[1:]}'


def _rest_of_payload(document: str, ip: str) -> str:
    ends = '"user_agent":"","wording_hash":""}'
    return f'","document":{_QUOTED(document)},"ip":{_QUOTED(ip)},{ends}'
