"""A person's click on a confirm button is evidence that they stay; a machine's never is.

The record follows the verdict: it appears when the click is judged human, and is taken back where
a later look finds a machine. An undecided click does nothing. A click only renews: it needs an
earlier permission that stands. The button on the thank-you page is the stronger evidence.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sincerely.apps.consent import actions as consent
from sincerely.apps.consent.models import Channel, Evidence
from sincerely.apps.consent.queries.confirmations import CLICKED, confirmations_of, is_permitted
from sincerely.apps.consent.rules.proof import Proof
from sincerely.apps.contacts.queries import contacts_by_id
from sincerely.apps.engagement.models import Event
from sincerely.apps.engagement.queries.confirming import confirming_click
from sincerely.apps.engagement.rules.changes import ClickChange
from sincerely.apps.team.rules import PROGRAM


def settle_confirmations(changes: Sequence[ClickChange], *, now: datetime) -> None:
    """Make the evidence of these confirm clicks what their verdicts say; call inside the fold."""
    for change in {
        change.message_id: change for change in changes if change.is_confirming
    }.values():
        click = confirming_click(
            change.contact_id, mailing_id=change.mailing_id, message_id=change.message_id
        )
        found = confirmations_of(change.contact_id, message_id=change.message_id)
        clicked = [record.pk for record in found if record.cause == CLICKED]
        if click is None and clicked:
            consent.revoke(clicked, now=now, actor=PROGRAM)
        elif click is not None and not clicked:
            _stay(click, now=now)


def _stay(click: Event, *, now: datetime) -> None:
    type_id = click.mailing.subscription_type_id if click.mailing else None
    if type_id is None or not is_permitted(click.contact_id, subscription_type_id=type_id):
        return
    contact, signal = contacts_by_id({click.contact_id})[click.contact_id], click.signal
    consent.permit(
        contact.pk,
        subscription_type_id=type_id,
        channel=Channel.LINK,
        evidence=Evidence.SINGLE,
        proof=Proof(
            address=contact.address,
            ip=(signal.ip or "") if signal else "",
            user_agent=signal.user_agent if signal else "",
            document="confirm button",
        ),
        now=now,
        at=click.at,
        actor=PROGRAM,
        message_id=click.message_id,
        cause=CLICKED,
    )
