"""Writes of consent records. Each adds one record and derives the permission rows again.

Records are never edited; what stands in `Permission` and `OptOut` is the fold of the records
(rules/permission.py), so a new import can never bring back somebody who left.
"""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any

from django.db import transaction

from sincerely.apps.consent.actions.suppression import suppress
from sincerely.apps.consent.models import (
    Act,
    Channel,
    ConsentRecord,
    Evidence,
    OptOut,
    Permission,
    SuppressionReason,
)
from sincerely.apps.consent.queries.permission import record_facts
from sincerely.apps.consent.rules.permission import Fold, fold
from sincerely.apps.consent.rules.proof import (
    SALT_BYTES,
    Proof,
    canonical_payload,
    commitment_of,
)
from sincerely.apps.contacts.models import Contact
from sincerely.apps.contacts.rules.addresses import masked
from sincerely.apps.team.actions import audit
from sincerely.apps.team.rules import PROGRAM, Actor


@transaction.atomic
def permit(
    contact_id: int,
    *,
    subscription_type_id: int,
    channel: str,
    evidence: int,
    proof: Proof,
    now: datetime,
    actor: Actor,
    at: datetime | None = None,
    wording_id: int | None = None,
    import_id: int | None = None,
    message_id: int | None = None,
    cause: str = "",
) -> ConsentRecord:
    """Record that a contact permits a kind of mail; `at` is when they did, `now` when we learnt it.

    Whether the contact is *in* afterwards is the fold's to say: see rules/permission.py. An act of
    their own refers to the withdrawal that it follows.
    """
    contact = Contact.objects.select_for_update().get(pk=contact_id)
    record = _add(
        contact,
        Act.PERMIT,
        proof=proof,
        now=now,
        actor=actor,
        columns={
            "subscription_type_id": subscription_type_id,
            "channel": channel,
            "evidence": evidence,
            "at": at or now,
            "wording_id": wording_id,
            "import_id": import_id,
            "message_id": message_id,
            "cause": cause,
            "refers_to_id": _withdrawal_before(contact_id, subscription_type_id),
        },
    )
    refold(contact_id)
    return record


@transaction.atomic
def withdraw(
    contact_id: int,
    *,
    subscription_type_id: int | None,
    channel: str,
    now: datetime,
    actor: Actor = PROGRAM,
    at: datetime | None = None,
    cause: str = "",
    message_id: int | None = None,
    import_id: int | None = None,
    proof: Proof | None = None,
) -> ConsentRecord | None:
    """Record that a contact no longer wants a kind of mail (None: any marketing mail).

    Returns None, and writes nothing, where that already stands: doing it twice is doing it once.
    """
    contact = Contact.objects.select_for_update().get(pk=contact_id)
    if _stands_withdrawn(contact_id, subscription_type_id):
        return None
    record = _add(
        contact,
        Act.WITHDRAW,
        proof=proof or Proof(address=contact.address, ip=actor.ip or ""),
        now=now,
        actor=actor,
        columns={
            "subscription_type_id": subscription_type_id,
            "channel": channel,
            "at": at or now,
            "message_id": message_id,
            "import_id": import_id,
            "cause": cause,
        },
    )
    refold(contact_id)
    return record


@transaction.atomic
def complain(
    contact_id: int,
    *,
    now: datetime,
    actor: Actor = PROGRAM,
    message_id: int | None = None,
    detail: str = "",
) -> ConsentRecord | None:
    """Take all marketing permission away at once, and suppress the address, for a complaint."""
    contact = Contact.objects.get(pk=contact_id)
    suppress(
        bytes(contact.address_key),
        reason=SuppressionReason.COMPLAINT,
        now=now,
        actor=actor,
        masked=masked(contact.address),
        detail=detail,
    )
    return withdraw(
        contact_id,
        subscription_type_id=None,
        channel=Channel.COMPLAINT,
        now=now,
        actor=actor,
        cause="complaint",
        message_id=message_id,
    )


@transaction.atomic
def revoke(record_ids: list[int], *, now: datetime, actor: Actor) -> list[int]:
    """Take back permits that were recorded by mistake (an import undone); return the contacts.

    Withdrawals are never taken back. The records stay, marked.
    """
    rows = ConsentRecord.objects.filter(pk__in=record_ids, act=Act.PERMIT, revoked_at=None)
    contact_ids = sorted(set(rows.values_list("contact_id", flat=True)))
    count = rows.update(revoked_at=now)
    left = ConsentRecord.objects.filter(contact_id__in=contact_ids, revoked_at=None)
    with_more = set(left.values_list("contact_id", flat=True))
    # Whoever has no other record is unspecified again: no fold is needed to say so.
    Permission.objects.filter(contact_id__in=set(contact_ids) - with_more).delete()
    for contact_id in sorted(with_more):
        refold(contact_id)
    if count:
        audit(actor, "permits revoked", now=now, detail={"count": count})
    return contact_ids


@transaction.atomic
def forget_evidence(contact_id: int) -> None:
    """Erase salt and personal values of a contact's records; the commitments stay."""
    ConsentRecord.objects.filter(contact_id=contact_id).update(salt=None, payload=None)


def refold(contact_id: int) -> Fold:
    """Derive a contact's permission rows from the records, in the caller's transaction."""
    folded = fold(record_facts(contact_id))
    stored = {p.subscription_type_id: p for p in Permission.objects.filter(contact_id=contact_id)}
    for type_id, standing in folded.types.items():
        columns: dict[str, Any] = {
            "is_in": standing.is_in,
            "evidence": standing.evidence,
            "record_id": standing.record_id,
            "since": standing.since,
        }
        old = stored.pop(type_id, None)
        if old is None:
            Permission.objects.create(
                contact_id=contact_id, subscription_type_id=type_id, **columns
            )
        elif any(getattr(old, name) != value for name, value in columns.items()):
            Permission.objects.filter(pk=old.pk).update(**columns)
    if stored:
        Permission.objects.filter(pk__in=[p.pk for p in stored.values()]).delete()
    _store_opt_out(contact_id, folded)
    return folded


def _store_opt_out(contact_id: int, folded: Fold) -> None:
    if folded.opt_out is None:
        OptOut.objects.filter(contact_id=contact_id).delete()
        return
    record = ConsentRecord.objects.get(pk=folded.opt_out.record_id)
    OptOut.objects.update_or_create(
        contact_id=contact_id,
        defaults={"record": record, "since": record.at, "cause": record.cause or record.channel},
    )


def _stands_withdrawn(contact_id: int, subscription_type_id: int | None) -> bool:
    if OptOut.objects.filter(contact_id=contact_id).exists() and subscription_type_id is None:
        return True
    return (
        subscription_type_id is not None
        and Permission.objects.filter(
            contact_id=contact_id, subscription_type_id=subscription_type_id, is_in=False
        ).exists()
    )


def _withdrawal_before(contact_id: int, subscription_type_id: int) -> int | None:
    out = Permission.objects.filter(
        contact_id=contact_id, subscription_type_id=subscription_type_id, is_in=False
    ).first()
    if out:
        return out.record_id
    return OptOut.objects.filter(contact_id=contact_id).values_list("record_id", flat=True).first()


def _add(
    contact: Contact,
    act: Act,
    *,
    proof: Proof,
    now: datetime,
    actor: Actor,
    columns: dict[str, Any],
) -> ConsentRecord:
    salt = secrets.token_bytes(SALT_BYTES)
    payload = canonical_payload(proof)
    record = ConsentRecord.objects.create(
        contact=contact,
        act=act,
        recorded_at=now,
        member_id=actor.member_id,
        api_key_id=actor.api_key_id,
        salt=salt,
        payload=payload,
        commitment=commitment_of(salt, payload),
        **{"evidence": Evidence.NONE, **columns},
    )
    if not actor.is_program:
        detail = {"type": record.subscription_type_id, "channel": record.channel}
        audit(actor, f"consent {act.value}", now=now, subject=contact, detail=detail)
    return record
