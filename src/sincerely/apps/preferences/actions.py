"""What a contact does on their own pages: leave, come back, say why."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from sincerely.apps.consent.actions import permit, withdraw
from sincerely.apps.consent.models import Channel, Evidence
from sincerely.apps.consent.rules.proof import Proof
from sincerely.apps.engagement.actions import record
from sincerely.apps.engagement.models import EventKind
from sincerely.apps.preferences.models import UnsubscribeReason
from sincerely.apps.preferences.queries import Visit, types_of
from sincerely.apps.team.rules import PROGRAM


@transaction.atomic
def leave(
    visit: Visit,
    *,
    now: datetime,
    proof: Proof,
    everything: bool,
    answer: str = "",
    words: str = "",
) -> None:
    """Withdraw from the mail's subscription type, or from all marketing mail; keep the reason.

    A second time changes nothing. A mail without a type can only be left as a whole.
    """
    type_id = None if everything else visit.mailing.subscription_type_id
    done = withdraw(
        visit.contact.pk,
        subscription_type_id=type_id,
        channel=Channel.LINK,
        now=now,
        cause="unsubscribe page",
        message_id=visit.message.pk,
        proof=proof,
    )
    if done is not None:
        _tell(visit, now=now, detail="everything" if type_id is None else "this kind of mail")
    if answer or words.strip():
        UnsubscribeReason.objects.create(
            contact=visit.contact,
            message_id=visit.message.pk,
            answer=answer,
            words=words.strip()[:2_000],
            at=now,
        )


@transaction.atomic
def choose(visit: Visit, *, wanted: Collection[int], now: datetime, proof: Proof) -> bool:
    """Make the contact's subscription types those wanted; return whether anything changed.

    Choosing a type is an act of the contact's own and may bring them back.
    """
    changed = False
    for kind in types_of(visit):
        type_id = kind.subscription_type.pk
        if type_id in wanted and kind.state != "in":
            permit(
                visit.contact.pk,
                subscription_type_id=type_id,
                channel=Channel.LINK,
                evidence=Evidence.DOUBLE,  # only who reads this mailbox has this link
                proof=proof,
                now=now,
                actor=PROGRAM,
                cause="preferences page",
                message_id=visit.message.pk,
            )
            changed = True
        elif type_id not in wanted and kind.state == "in":
            withdraw(
                visit.contact.pk,
                subscription_type_id=type_id,
                channel=Channel.LINK,
                now=now,
                cause="preferences page",
                message_id=visit.message.pk,
                proof=proof,
            )
            _tell(visit, now=now, detail=kind.subscription_type.name)
            changed = True
    return changed


def _tell(visit: Visit, *, now: datetime, detail: str) -> None:
    record(
        EventKind.UNSUBSCRIBED,
        visit.contact.pk,
        at=now,
        mailing_id=visit.message.mailing_id,
        message_id=visit.message.pk,
        detail=detail,
    )
