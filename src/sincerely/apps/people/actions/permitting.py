"""Records the permission that a member declared for the people of a file.

Set by set, with consent's own rules: whoever left earlier stays out, nobody gets weaker evidence
than they have, and each record carries a salted commitment to its proof.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sincerely.apps.consent.models import ConsentRecord, Permission
from sincerely.apps.consent.rules.proof import SALT_BYTES, commitment_of
from sincerely.apps.people.actions.slices import Batch, Slice
from sincerely.apps.people.queries import compared, known
from sincerely.apps.people.rules.choices import Claim
from sincerely.apps.people.rules.outcome import may_permit
from sincerely.apps.people.rules.record import Table
from sincerely.apps.people.sql import bulk
from sincerely.apps.people.sql.bulk import Given

# Record id, time of the permission, salt, payload, commitment.
Evidence = tuple[Any, Any, Any, Any, Any]


def evidence_of(batch: Batch, part: Slice) -> list[Evidence | None]:
    """Return record id and evidence, by place, of the newcomers who may be permitted."""
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
    found: list[Evidence | None] = [None] * len(part.ids)
    for place, evidence in zip(places, _evidence(batch, part, places), strict=True):
        found[place] = evidence
    part.taken.counts["permitted"] += len(places)
    return found


def permit_slice(batch: Batch, part: Slice, *, claim: Claim) -> None:
    """Give the declared permission to those of the slice who may have it; note who may not."""
    _permit_new(batch, claim)
    if any(part.known):
        places = _known_to_permit(part, claim)
        given = zip(places, _evidence(batch, part, places), strict=True)
        _permit_known(batch, claim, [(part.ids[place], evidence) for place, evidence in given])
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


def _evidence(batch: Batch, part: Slice, places: Sequence[int]) -> Iterator[Evidence]:
    """Yield a fresh record id and the salted evidence for each of the places."""
    ids = bulk.allot_ids(ConsentRecord, len(places))
    salts = os.urandom(SALT_BYTES * len(places))
    claim, table = batch.choices.claim, part.table
    assert claim is not None
    documents, ips = table.column("document"), table.column("ip")
    moments = _permitted_at(batch, claim, table)
    written: dict[tuple[str, str], str] = {}
    for number, (record_id, place) in enumerate(zip(ids, places, strict=True)):
        salt = salts[number * SALT_BYTES : (number + 1) * SALT_BYTES]
        paper = (documents[place] or claim.document, ips[place] or "")
        rest = written.get(paper) or written.setdefault(paper, _rest_of_payload(*paper))
        payload = f'{{"address":{_QUOTED(table.addresses[place])}{rest}'
        yield record_id, moments[place], salt, payload, commitment_of(salt, payload)


def _permitted_at(batch: Batch, claim: Claim, table: Table) -> list[Any]:
    """Return the time of each permission: its own column, the claim, the sign-up, or now."""
    declared = datetime.fromisoformat(claim.at) if claim.at else None
    given, signed_up = table.column("permission_at"), table.column("signed_up_at")
    return [
        bulk.stored(min(own or declared or joined or batch.now, batch.now))
        for own, joined in zip(given, signed_up, strict=True)
    ]


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


def _permit_new(batch: Batch, claim: Claim) -> None:
    source = "FROM people_stage s WHERE s.record_id IS NOT NULL ORDER BY s.place"
    bulk.insert_from(
        ConsentRecord,
        {
            "id": "s.record_id",
            "contact": "s.contact_id",
            "at": "s.permitted_at",
            **{name: f"s.{name}" for name in ("salt", "payload", "commitment")},
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


def _permit_known(batch: Batch, claim: Claim, given: list[tuple[int, Evidence]]) -> None:
    fixed = _fixed(batch, claim)
    bulk.insert(
        ConsentRecord,
        ("contact", "id", "at", "salt", "payload", "commitment", *fixed),
        [(contact_id, *evidence, *fixed.values()) for contact_id, evidence in given],
    )
    bulk.insert(
        Permission,
        ("contact", "subscription_type", "is_in", "evidence", "record", "since"),
        [
            (contact_id, claim.subscription_type_id, True, claim.evidence, evidence[0], evidence[1])
            for contact_id, evidence in given
        ],
        conflict="ON CONFLICT (contact_id, subscription_type_id) DO UPDATE SET "
        "evidence = excluded.evidence, record_id = excluded.record_id, since = excluded.since "
        "WHERE consent_permission.is_in AND consent_permission.evidence < excluded.evidence",
    )


_QUOTED = json.JSONEncoder(ensure_ascii=False).encode


def payload_of(address: str, *, document: str, ip: str) -> str:
    """Return consent's canonical_payload of these values, written out (it is 12 times faster)."""
    return f'{{"address":{_QUOTED(address)}{_rest_of_payload(document, ip)}'


def _rest_of_payload(document: str, ip: str) -> str:
    return f',"document":{_QUOTED(document)},"ip":{_QUOTED(ip)},"user_agent":"","wording_hash":""}}'
