"""What the consent API takes and gives."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from ninja import Field, Schema

from sincerely.apps.consent.models import ConsentRecord, Suppression
from sincerely.apps.consent.queries.evidence import proof_of


class TypeOut(Schema):
    """A subscription type with its promise."""

    id: int
    name: str
    description: str
    promised_per_month: int
    is_default: bool
    archived_at: datetime | None


class TypeIn(Schema):
    """A subscription type to store or change; `note` goes to the audit trail."""

    name: str = Field(min_length=1, max_length=80)
    description: str = ""
    promised_per_month: int = Field(ge=1, le=300)
    note: str = Field("", max_length=500)


class PermitIn(Schema):
    """What a contact agreed to, and how that can be shown. A document or wording is needed."""

    contact_id: int
    subscription_type_id: int
    evidence: Literal["single", "double"] = "single"
    at: datetime | None = None
    wording: str = Field("", max_length=10_000)
    document: str = Field("", max_length=500)
    ip: str = Field("", max_length=45)
    user_agent: str = Field("", max_length=400)


class WithdrawIn(Schema):
    """What a contact no longer wants; without a type, any marketing mail."""

    contact_id: int
    subscription_type_id: int | None = None
    cause: str = Field("", max_length=60)


class RecordOut(Schema):
    """One consent record with what is left of its evidence."""

    id: int
    subscription_type_id: int | None
    act: str
    channel: str
    evidence: int
    at: datetime
    recorded_at: datetime
    cause: str
    wording: str
    wording_hash: str
    address: str
    ip: str
    user_agent: str
    document: str
    commitment: str
    is_verifiable: bool


class StateOut(Schema):
    """A contact's state for one type."""

    subscription_type_id: int
    state: Literal["in", "out", "unspecified"]
    since: datetime | None


class StandingOut(Schema):
    """All that stands for and against mailing a contact."""

    contact_id: int
    is_mailable: bool
    types: list[StateOut]
    opted_out_of_all_since: datetime | None
    suppressed_for: list[str]


class WithdrawOut(Schema):
    """Whether the withdrawal was news."""

    is_new: bool


class SuppressIn(Schema):
    """An address that must not be mailed."""

    address: str = Field(max_length=320)
    detail: str = Field("", max_length=300)


class LiftIn(Schema):
    """Why a suppression ends."""

    note: str = Field(min_length=1, max_length=500)


class SuppressionOut(Schema):
    """A suppression; the address itself is not kept, only its masked form."""

    id: int
    reason: str
    masked: str
    detail: str
    since: datetime
    lifted_at: datetime | None


class SuppressionPage(Schema):
    """Suppressions, newest first; ask again with `after=next`."""

    items: list[SuppressionOut]
    next: int | None


def record_out(record: ConsentRecord) -> RecordOut:
    """Return a consent record as the API gives it."""
    proof = proof_of(record)
    wording = record.wording
    return RecordOut(
        id=record.pk,
        subscription_type_id=record.subscription_type_id,
        act=record.act,
        channel=record.channel,
        evidence=record.evidence,
        at=record.at,
        recorded_at=record.recorded_at,
        cause=record.cause,
        wording=wording.text if wording else "",
        wording_hash=bytes(wording.text_hash).hex() if wording else "",
        address=proof.address if proof else "",
        ip=proof.ip if proof else "",
        user_agent=proof.user_agent if proof else "",
        document=proof.document if proof else "",
        commitment=bytes(record.commitment).hex(),
        is_verifiable=proof is not None,
    )


def suppression_out(row: Suppression) -> SuppressionOut:
    """Return a suppression as the API gives it."""
    return SuppressionOut.from_orm(row)
