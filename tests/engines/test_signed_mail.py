"""What arrives is signed as the domain's record says; an address that a server cannot take."""

from __future__ import annotations

from datetime import datetime

import dkim as oracle
import pytest

from sincerely.apps.consent.models import Suppression
from sincerely.apps.contacts.models import Contact
from sincerely.apps.sending.models import Attempt, Dispatch, Hold, Message, Transport
from sincerely.apps.sending.queries import is_finished, tally
from sincerely.engines.sender import loop, prepare
from sincerely.engines.sender.annex import Annex, Ticket
from sincerely.wire.dkim import dns_record
from tests.apps.sending import people
from tests.cast import Cast
from tests.engines.sending_world import Server, mailing_to, planned, relay, sending, serving, until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.engines]


@pytest.mark.requirement("R061")
def test_every_mail_is_signed_whoever_wrote_it(
    cast: Cast, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[int] = []
    collect = Annex.collect

    def counted(annex: Annex, ticket: Ticket) -> object:
        mails = collect(annex, ticket)
        written.append(len(mails))
        return mails

    monkeypatch.setattr(Annex, "collect", counted)
    monkeypatch.setattr(loop, "BATCH", 12)
    monkeypatch.setattr(prepare, "LARGE_BATCH", 6)
    with serving(Server()) as server:
        dispatch = planned(cast, server, 30, now=now)
        Transport.objects.filter(pk=dispatch.transport_id).update(options={"sign": True})
        with sending():
            until(lambda: is_finished(dispatch.pk))
    sender = Dispatch.objects.select_related("sender").get(pk=dispatch.pk).sender
    domain = sender.address.rpartition("@")[2]
    record = dns_record(sender.dkim_public_key).encode()
    assert len(server.kept) == 30
    assert 0 < sum(written) < 30, "some by the sender, some by the annex"
    records = {f"{sender.dkim_selector}._domainkey.{domain}.".encode(): record}
    for _, raw in server.kept:
        assert oracle.verify(raw, dnsfunc=lambda asked, *_a, **_k: records[asked])
        signed = raw.partition(b" h=")[2].partition(b";")[0].split(b":")
        assert {b"from", b"list-unsubscribe", b"list-unsubscribe-post"} <= set(signed)


@pytest.mark.parametrize("features", [("PIPELINING",), ("PIPELINING", "SMTPUTF8"), ("SIZE 99",)])
def test_an_address_beyond_ascii_concerns_nobody_else(
    cast: Cast, now: datetime, features: tuple[str, ...]
) -> None:
    kind = people.marketing(now)
    people.opted_in(12, now=now, kind=kind)
    asa = Contact.objects.order_by("pk")[4]
    address = "åsa@example.com"
    Contact.objects.filter(pk=asa.pk).update(address=address, address_key=people.key_of(address))
    with serving(Server(features=features)) as server:
        transport = relay(server, cast, now=now)
        dispatch = mailing_to(people.EVERYBODY, cast, transport, now=now)
        with sending():
            until(lambda: is_finished(dispatch.pk))
    arrived = {recipient for recipient, _ in server.kept}
    assert not Hold.objects.filter(lifted_at=None).exists()
    assert not Suppression.objects.exists(), "the address may be good: another server takes it"
    if "SMTPUTF8" in features:
        assert len(arrived) == 12
        assert address in arrived
        return
    assert tally(dispatch.pk).by_state == {"accepted": 11, "failed": 1}
    failed = Message.objects.get(mailing_id=dispatch.pk, state="failed")
    assert failed.contact_id == asa.pk
    assert "5.6.7" in Attempt.objects.get(message=failed).text
