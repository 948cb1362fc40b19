"""Reads of consent records and their evidence, for the contact page and for export."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from sincerely.apps.consent.models import ConsentRecord, Permission
from sincerely.apps.consent.rules.proof import Proof, is_verifiable, read_payload

SLICE = 1000


@dataclass(frozen=True, slots=True)
class EvidenceLine:
    """The one line that shows why somebody may (or may not) be mailed, for one type."""

    contact_id: int
    address: str
    subscription_type: str
    state: str
    act: str
    channel: str
    evidence: str
    at: datetime | None
    recorded_at: datetime | None
    wording: str
    wording_hash: str
    ip: str
    user_agent: str
    document: str
    member_id: int | None
    record_id: int | None
    commitment: str
    is_verifiable: bool


def records_of(
    contact_id: int, *, before: datetime | None = None, limit: int = 200
) -> list[ConsentRecord]:
    """Return a contact's consent records up to a time (itself included), newest first."""
    rows = ConsentRecord.objects.filter(contact_id=contact_id)
    if before is not None:
        rows = rows.filter(at__lte=before)
    rows = rows.select_related("subscription_type", "wording")
    return list(rows.order_by("-at", "-pk")[:limit])


def proof_of(record: ConsentRecord) -> Proof | None:
    """Return the personal values of a record, or None where they were erased or damaged."""
    if not is_verifiable(record.salt, record.payload, record.commitment):
        return None
    return read_payload(record.payload or "")


def evidence_lines(
    contact_ids: Iterable[int], *, subscription_type_id: int
) -> Iterator[EvidenceLine]:
    """Yield exactly one line per contact id, in the order given, a slice at a time.

    A contact without a record for this type gets a line that says 'unspecified', so that an export
    never has gaps.
    """
    rest = iter(contact_ids)
    while ids := list(islice(rest, SLICE)):
        rows = Permission.objects.filter(
            contact_id__in=ids, subscription_type_id=subscription_type_id
        ).select_related("record__wording", "subscription_type")
        found = {row.contact_id: row for row in rows}
        for contact_id in ids:
            yield _line(contact_id, found.get(contact_id))


def _line(contact_id: int, permission: Permission | None) -> EvidenceLine:
    if permission is None:
        return _empty_line(contact_id)
    record = permission.record
    proof = proof_of(record)
    wording = record.wording
    return EvidenceLine(
        contact_id=contact_id,
        address=proof.address if proof else "",
        subscription_type=permission.subscription_type.name,
        state="in" if permission.is_in else "out",
        act=record.act,
        channel=record.channel,
        evidence=record.get_evidence_display(),
        at=record.at,
        recorded_at=record.recorded_at,
        wording=wording.text if wording else "",
        wording_hash=bytes(wording.text_hash).hex() if wording else "",
        ip=proof.ip if proof else "",
        user_agent=proof.user_agent if proof else "",
        document=proof.document if proof else "",
        member_id=record.member_id,
        record_id=record.pk,
        commitment=bytes(record.commitment).hex(),
        is_verifiable=proof is not None,
    )


def _empty_line(contact_id: int) -> EvidenceLine:
    return EvidenceLine(
        contact_id=contact_id,
        address="",
        subscription_type="",
        state="unspecified",
        act="",
        channel="",
        evidence="",
        at=None,
        recorded_at=None,
        wording="",
        wording_hash="",
        ip="",
        user_agent="",
        document="",
        member_id=None,
        record_id=None,
        commitment="",
        is_verifiable=False,
    )
