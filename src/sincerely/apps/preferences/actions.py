"""What a contact does on their own pages: leave, come back, say why."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from sincerely.apps.consent.actions import permit, withdraw, wording
from sincerely.apps.consent.models import Channel, Evidence
from sincerely.apps.consent.queries.confirmations import CONFIRMED
from sincerely.apps.consent.rules.proof import Proof
from sincerely.apps.contacts.models import Contact
from sincerely.apps.engagement.actions import record
from sincerely.apps.engagement.models import EventKind
from sincerely.apps.preferences.models import ThankYouPage, UnsubscribeReason
from sincerely.apps.preferences.queries import Visit, thank_you, types_of
from sincerely.apps.team.actions import audit
from sincerely.apps.team.models import Brand
from sincerely.apps.team.rules import PROGRAM, Actor


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
        _keep_reason(visit, answer=answer, words=words.strip()[:2_000], now=now)


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


@transaction.atomic
def stay(visit: Visit, *, now: datetime, proof: Proof) -> bool:
    """Record that the contact confirmed on the page itself; return whether that was new.

    The strongest evidence there is: somebody who reads this mailbox pressed a button. It also
    brings back a contact who had left, as choosing on the preference page does.
    """
    shown = thank_you(visit)
    if shown.kind is None or shown.is_certain:
        return False
    permit(
        visit.contact.pk,
        subscription_type_id=shown.kind.subscription_type.pk,
        channel=Channel.LINK,
        evidence=Evidence.DOUBLE,
        proof=proof,
        now=now,
        actor=PROGRAM,
        wording_id=wording(shown.wording, now=now, language=visit.language).pk,
        cause=CONFIRMED,
        message_id=visit.message.pk,
    )
    record(
        EventKind.CONFIRMED,
        visit.contact.pk,
        at=now,
        mailing_id=visit.message.mailing_id,
        message_id=visit.message.pk,
    )
    return True


def write_page(
    brand: Brand, *, language: str, words: dict[str, str], now: datetime, actor: Actor
) -> None:
    """Keep a brand's own thank-you page in one language; all empty means ours again."""
    with transaction.atomic():
        page, is_new = ThankYouPage.objects.select_for_update().get_or_create(
            brand=brand, language=language, defaults={"changed_at": now}
        )
        before = {name: getattr(page, name) for name in words}
        if before == words and not is_new:
            return
        if any(words.values()):
            ThankYouPage.objects.filter(pk=page.pk).update(**words, changed_at=now)
        else:
            page.delete()
        detail = {"language": language, "before": before, "after": words}
        audit(actor, "thank-you page changed", now=now, subject=brand, detail=detail)


def _keep_reason(visit: Visit, *, answer: str, words: str, now: datetime) -> None:
    """Keep one reason for each mail: a button that is pressed twice tells it once."""
    Contact.objects.select_for_update().get(pk=visit.contact.pk)  # the second press waits here
    told = UnsubscribeReason.objects.filter(contact=visit.contact, message_id=visit.message.pk)
    kept = told.order_by("pk").last()
    if kept is None:
        kept = UnsubscribeReason(contact=visit.contact, message_id=visit.message.pk, at=now)
    kept.answer, kept.words = answer, words
    kept.save()


def _tell(visit: Visit, *, now: datetime, detail: str) -> None:
    record(
        EventKind.UNSUBSCRIBED,
        visit.contact.pk,
        at=now,
        mailing_id=visit.message.mailing_id,
        message_id=visit.message.pk,
        detail=detail,
    )
