"""One evidence line per recipient of a mailing: what permitted that mail when it left."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models import F

from sincerely.apps.consent.models import ConsentRecord, Evidence, SubscriptionType
from sincerely.apps.consent.queries.evidence import proof_of
from sincerely.apps.consent.rules.permission import OWN_CHANNELS
from sincerely.apps.contacts.models import Contact
from sincerely.apps.engagement.models import Mailing
from sincerely.apps.people.rules.columns import EVIDENCE
from sincerely.apps.sending.models import Message, State

SENT = (State.ACCEPTED, State.UNKNOWN, State.FAILED, State.DIALLING)


def evidence_rows(mailing_id: int, contact_ids: Sequence[int]) -> list[list[Any]]:
    """Return the lines of these recipients, in their order, columns as in columns.EVIDENCE."""
    mailing = Mailing.objects.get(pk=mailing_id)
    kind = SubscriptionType.objects.filter(pk=mailing.subscription_type_id).first()
    addresses = dict(Contact.objects.filter(pk__in=contact_ids).values_list("pk", "address"))
    sent = {
        row.contact_id: row
        for row in Message.objects.filter(
            mailing_id=mailing_id, contact_id__in=contact_ids, state__in=SENT
        )
    }
    records: dict[int, list[ConsentRecord]] = {}
    for record in (
        ConsentRecord.objects.filter(contact_id__in=contact_ids)
        .select_related("wording")
        .order_by(F("recorded_at"), "pk")
    ):
        if record.subscription_type_id in (None, mailing.subscription_type_id):
            records.setdefault(record.contact_id, []).append(record)
    lines = []
    for contact_id in contact_ids:
        message = sent.get(contact_id)
        sent_at = (message.finished_at or message.planned_at) if message else None
        facts = _facts(records.get(contact_id, []), sent_at)
        facts |= {
            "contact_id": contact_id,
            "address": addresses.get(contact_id, ""),
            "message_id": message.pk if message else None,
            "sent_at": sent_at,
            "subscription_type": kind.name if kind else "",
        }
        lines.append([facts.get(column) for column in EVIDENCE])
    return lines


def _facts(records: list[ConsentRecord], sent_at: datetime | None) -> dict[str, Any]:
    """Return the record that permitted at that time, its proof, and a later withdrawal."""
    before = [r for r in records if sent_at is None or r.recorded_at <= sent_at]
    left = max((r.at for r in before if r.act == "withdraw"), default=None)
    permits = [
        r
        for r in before
        if r.act == "permit" and (left is None or (r.channel in OWN_CHANNELS and r.at > left))
    ]
    later = [r.at for r in records if r.act == "withdraw" and r not in before]
    if not permits:
        state = "out" if left else "unspecified"
        return {"state": state, "is_verifiable": False, "withdrawn_at": min(later, default=None)}
    best = max(permits, key=lambda r: (r.evidence, r.at, r.pk))
    proof = proof_of(best)
    wording = best.wording
    return {
        "state": "in",
        "evidence": Evidence(best.evidence).name.lower(),
        "channel": best.channel,
        "at": best.at,
        "recorded_at": best.recorded_at,
        "record_id": best.pk,
        "wording": wording.text if wording else "",
        "wording_hash": bytes(wording.text_hash).hex() if wording else "",
        "ip": proof.ip if proof else "",
        "user_agent": proof.user_agent if proof else "",
        "document": proof.document if proof else "",
        "commitment": bytes(best.commitment).hex(),
        "is_verifiable": proof is not None,
        "withdrawn_at": min(later, default=None),
    }
