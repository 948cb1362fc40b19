"""Test mails: to members and saved test addresses, outside the gate and never counted.

A test is rendered as a chosen contact, its links lead straight to their targets and it has no
pixel: nothing that happens with it can be taken for what a contact did.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any

from django.conf import settings
from django.utils.translation import gettext

from sincerely.apps.content.compiler import CompileProblem, compile_content, rules_by_number
from sincerely.apps.content.models import Content
from sincerely.apps.content.queries.people import people_facts, shown_blocks
from sincerely.apps.content.renderer import RenderProblem
from sincerely.apps.content.rules.wrong import Wrong
from sincerely.apps.content.wording import said
from sincerely.apps.sending.actions.senders import signer_of
from sincerely.apps.sending.actions.transports import route_of, secret_of
from sincerely.apps.sending.letters import Address, Press
from sincerely.apps.sending.models import (
    SenderIdentity,
    TestAddress,
    TestMail,
    Transport,
    TransportKind,
)
from sincerely.apps.sending.queries.letterheads import letterhead
from sincerely.apps.sending.rules.troubles import trouble_words
from sincerely.apps.team.actions import audit
from sincerely.apps.team.rules import Actor
from sincerely.wire import providers
from sincerely.wire.smtp.replies import Outcome
from sincerely.wire.smtp.single import send_one


@dataclass(frozen=True, slots=True)
class TestOutcome:
    """What became of one test mail; `outcome` is what the server said, in its own words."""

    address: str
    outcome: str
    is_accepted: bool

    @property
    def words(self) -> str:
        """What came of it, in the reader's language."""
        return trouble_words(self.outcome, gettext)


def send_test(
    content_id: int,
    *,
    sender_id: int,
    transport_id: int,
    addresses: Sequence[str],
    now: datetime,
    actor: Actor,
    as_contact_id: int | None = None,
    mailing_id: int | None = None,
    reply_to: str = "",
) -> list[TestOutcome]:
    """Send the draft as it stands to these addresses, rendered as a contact; no contact is mailed.

    Nothing is raised for a mail that cannot be made or a server that refuses: the outcome says it.
    """
    content = Content.objects.select_related("brand").get(pk=content_id)
    sender = SenderIdentity.objects.select_related("brand").get(pk=sender_id)
    transport = Transport.objects.get(pk=transport_id)
    try:
        compiled = compile_content(content)
        rules = rules_by_number(content, compiled)
        press = Press(compiled, letterhead(sender, reply_to=reply_to), settings.TOKEN_KEY)
        person, shown = _reader(as_contact_id, press, rules, now=now)
        outcomes = []
        for address in addresses:
            to = Address(0, mailing_id or 0, secrets.token_bytes(6), address, "none")
            letter = press.write(to, person or {"email": address}, shown=shown, now=now)
            outcome = _hand_over(transport, sender, address, raw=_signed(letter, transport, sender))
            outcomes.append(_said(address, outcome))
    except (CompileProblem, RenderProblem, ValueError) as problem:
        why = said(problem) if isinstance(problem, Wrong) else str(problem)
        outcomes = [TestOutcome(address, why[:300], is_accepted=False) for address in addresses]
    _note(outcomes, transport, mailing_id=mailing_id, now=now, actor=actor)
    return outcomes


def try_transport(
    transport_id: int, *, sender: SenderIdentity, address: str, now: datetime, actor: Actor
) -> TestOutcome:
    """Send a short mail of our own through a transport, to see that it works."""
    transport = Transport.objects.get(pk=transport_id)
    mail = EmailMessage(policy=SMTP)
    mail["From"], mail["To"] = sender.address, address
    mail["Subject"] = "Sincerely: a test of the transport"
    mail.set_content(f"This mail left by way of '{transport.name}'. It works.\n")
    outcome = _said(address, _hand_over(transport, sender, address, raw=mail.as_bytes()))
    _note([outcome], transport, mailing_id=None, now=now, actor=actor)
    return outcome


def _reader(
    contact_id: int | None, press: Press, rules: dict[str, Any], *, now: datetime
) -> tuple[dict[str, Any], frozenset[int]]:
    """The facts of the chosen contact and the blocks that contact sees."""
    if not contact_id:
        return {}, frozenset()
    people = people_facts([contact_id], press.renderer.fields, now=now)
    if contact_id not in people:
        return {}, frozenset()
    shown = shown_blocks(rules, [contact_id], now=now) if rules else {}
    return people[contact_id], shown.get(contact_id, frozenset())


def _signed(letter: Any, transport: Transport, sender: SenderIdentity) -> bytes:
    signer = signer_of(sender) if transport.kind == TransportKind.SMTP else None
    signature = signer.sign(letter.head, letter.body) if signer else b""
    mail: bytes = letter.mail(signature)
    return mail


def _hand_over(
    transport: Transport, sender: SenderIdentity, address: str, *, raw: bytes
) -> Outcome:
    if transport.kind == TransportKind.PROVIDER:
        account = providers.Account(transport.provider, secret_of(transport), transport.options)
        return providers.send(account, raw)
    return send_one(route_of(transport), sender=sender.address, recipient=address, raw=raw)


def _said(address: str, outcome: Outcome) -> TestOutcome:
    words = outcome.reply.text if outcome.reply else "The server did not answer."
    return TestOutcome(address, words[:300], outcome.is_accepted)


def _note(
    outcomes: Sequence[TestOutcome],
    transport: Transport,
    *,
    mailing_id: int | None,
    now: datetime,
    actor: Actor,
) -> None:
    TestMail.objects.bulk_create(
        TestMail(
            mailing_id=mailing_id,
            transport=transport,
            address=o.address,
            at=now,
            outcome=o.outcome,
            is_accepted=o.is_accepted,
        )
        for o in outcomes
    )
    audit(actor, "test.sent", now=now, subject=transport, detail={"count": len(outcomes)})


def add_test_address(address: str, *, name: str = "") -> TestAddress:
    """Put an address on the saved test list; the same address again changes its name."""
    found, _ = TestAddress.objects.update_or_create(
        address=address.strip().lower(), defaults={"name": name}
    )
    return found


def remove_test_address(address_id: int) -> None:
    """Take an address off the saved test list."""
    TestAddress.objects.filter(pk=address_id).delete()
