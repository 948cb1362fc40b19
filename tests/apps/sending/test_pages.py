"""The sending pages: senders, transports, test mailbox."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from sincerely.apps.engagement.models import Link
from sincerely.apps.engagement.queries import capture_store
from sincerely.apps.sending.actions.senders import check_sender, ensure_default_sender, signer_of
from sincerely.apps.sending.letters import Address, Press
from sincerely.apps.sending.models import Hold, Message, SenderIdentity, Transport
from sincerely.apps.sending.queries import locked_because
from sincerely.apps.sending.queries.letterheads import letterhead
from sincerely.apps.team.models import Organisation
from sincerely.wire.dns import FakeResolver
from sincerely.wire.mailbox.store import Received, opened
from tests.apps.sending import people
from tests.cast import Cast
from tests.engines.sending_world import compiled_mail, until

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice(cast: Cast, client: Client) -> Client:
    client.force_login(cast.alice, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def good_dns(sender: SenderIdentity) -> FakeResolver:
    domain = sender.address.rpartition("@")[2]
    return FakeResolver(
        txt_records={
            domain: ["v=spf1 include:relay.example -all", "something else"],
            f"{sender.dkim_selector}._domainkey.{domain}": [
                f"v=DKIM1; k=rsa; p={sender.dkim_public_key}"
            ],
            f"_dmarc.{domain}": ["v=DMARC1; p=none"],
        },
        mx_records={domain: ["mx.shop.example"]},
    )


def shown_labels(page: Any) -> str:
    """The words that stand above the fields, for everybody who sees."""
    return " ".join(re.findall(r'<span class="form-label"[^>]*>([^<]+)<', page.content.decode()))


def test_a_sender_is_made_checked_and_becomes_ready(
    alice: Client, cast: Cast, now: datetime, settings: Any
) -> None:
    answer = alice.post(
        reverse("sending:sender-new"),
        {"name": "Pet shop", "address": "mail@shop.example", "brand": cast.brand.pk},
    )
    assert answer.status_code == 302
    sender = SenderIdentity.objects.get()
    assert sender.is_default
    page = alice.get(reverse("sending:sender", args=[sender.pk]))
    assert sender.dkim_public_key in page.content.decode()
    assert "DKIM: value for a zone file" in shown_labels(page)
    relay = Transport.objects.create(name="relay", kind="smtp", host="relay", created_at=now)
    settings.PUBLIC_URL = "https://mail.shop.com"
    kind = people.marketing(now)
    dispatch = people.add_dispatch(cast, now=now, kind=kind, transport_id=relay.pk)
    assert Hold.objects.filter(mailing_id=dispatch.pk, lifted_at=None).count() == 1
    assert len(locked_because(sender, relay)) == 2
    Organisation.objects.update(public_url_checked="https://mail.shop.com")
    sender = check_sender(sender.pk, resolver=good_dns(sender), now=now)
    assert sender.verified_at == now
    assert locked_because(sender, relay) == []
    assert not Hold.objects.filter(lifted_at=None).exists()
    assert signer_of(sender) is not None
    broken = check_sender(sender.pk, resolver=FakeResolver(silent={"shop.example"}), now=now)
    assert broken.verified_at is None
    assert broken.checks["spf"]["state"] == "unclear"
    assert alice.get(reverse("sending:sender", args=[sender.pk])).status_code == 200


@pytest.mark.requirement("R115", partial="the check in the campaign")
def test_a_no_reply_address_needs_a_reason(alice: Client, cast: Cast) -> None:
    values = {"name": "Shop", "address": "do-not-reply@shop.example", "brand": cast.brand.pk}
    assert alice.post(reverse("sending:sender-new"), values).status_code == 422
    assert not SenderIdentity.objects.exists()
    assert (
        alice.post(reverse("sending:sender-new"), values | {"reason": "legal told us"}).status_code
        == 302
    )


def test_a_secret_goes_in_and_never_comes_out(alice: Client, cast: Cast, now: datetime) -> None:
    ensure_default_sender(brand_id=cast.brand.pk, name="Shop", address="mail@shop.example", now=now)
    values = {
        "name": "Relay",
        "kind": "smtp",
        "host": "smtp.example.com",
        "port": 587,
        "security": "starttls",
        "user_name": "ann",
        "secret": "canary-secret-1234",
        "connection_count": 4,
        "per_connection_count": 100,
    }
    answer = alice.post(reverse("sending:transport-new"), values, follow=True)
    assert answer.status_code == 200
    transport = Transport.objects.get(name="Relay")
    assert b"canary" not in bytes(transport.secret or b"")
    for name in ("sending:transport", "sending:transport-edit"):
        page = alice.get(reverse(name, args=[transport.pk]))
        assert page.status_code == 200
        assert b"canary-secret" not in page.content
    alice.post(
        reverse("sending:transport-edit", args=[transport.pk]),
        values | {"secret": "", "name": "Relay 2"},
    )
    again = Transport.objects.get(pk=transport.pk)
    assert (again.name, bytes(again.secret or b"")) == ("Relay 2", bytes(transport.secret or b""))
    assert alice.get(reverse("sending:transports")).status_code == 200


@pytest.fixture
def mail_id(cast: Cast, now: datetime, tmp_path: Path, settings: Any) -> Iterator[int]:
    """One campaign mail in the test mailbox."""
    settings.MAILBOX_PATH = tmp_path / "mailbox.sqlite3"
    settings.CAPTURE_PATH = tmp_path / "capture.sqlite3"
    kind = people.marketing(now)
    (contact,) = people.opted_in(1, now=now, kind=kind)
    dispatch = people.add_dispatch(cast, now=now, kind=kind)
    message = Message.objects.create(
        mailing_id=dispatch.pk,
        contact=contact,
        nonce=b"123456",
        address_key=contact.address_key,
        due_at=now,
        planned_at=now,
        state="accepted",
    )
    compiled = compiled_mail(cast, now=now)
    for link in compiled.links:
        Link.objects.create(mailing_id=dispatch.pk, number=link.number, url=link.url)
    press = Press(compiled, letterhead(dispatch.sender), settings.TOKEN_KEY)
    address = Address(message.pk, dispatch.pk, b"123456", contact.address)
    raw = press.write(address, {"first_name": "Ann"}, shown=frozenset(), now=now).mail()
    with opened(settings.MAILBOX_PATH) as store:
        store.add([Received(0, "mail@shop.example", contact.address, raw)])
    yield 1
    captures = capture_store()  # on PostgreSQL a table that is not rolled back
    captures.trim(captures.last_id() + 10_000_000, 100)
    captures.close()


@pytest.mark.django_db(transaction=True)  # captures are read below the oldest open transaction
def test_one_reads_and_clicks_as_the_contact(alice: Client, mail_id: int) -> None:
    start = capture_store().last_id()
    assert b"person" in alice.get(reverse("sending:mailbox"), {"q": "person"}).content
    for mode in ("html", "text", "headers", "source"):
        page = alice.get(reverse("sending:mail", args=[mail_id]), {"mode": mode})
        assert page.status_code == 200
    body = alice.get(reverse("sending:mail-body", args=[mail_id]))
    assert "/c/" not in body.content.decode()
    assert "/o/" not in body.content.decode()
    assert "script-src 'none'" in body["Content-Security-Policy"]
    link = reverse("sending:mail-link", args=[mail_id, 1])
    assert link in body.content.decode()
    page = alice.get(link)
    assert b"https://shop.example/dogs" in page.content
    before = capture_store().last_id()
    assert before == start  # reading and following by GET changes nothing
    alice.post(reverse("sending:mail-act", args=[mail_id, "open"]))
    alice.post(reverse("sending:mail-click", args=[mail_id, 1]))
    alice.post(reverse("sending:mail-act", args=[mail_id, "unsubscribe"]))
    until(lambda: len(capture_store().read(before, 10)) == 3)
    found = [row.capture for row in capture_store().read(before, 10)]
    assert [(c.kind, c.link_number, c.is_simulated) for c in found] == [
        (1, 0, True),
        (2, 1, True),
        (3, 0, True),
    ]
    assert alice.get(reverse("sending:mail-link", args=[mail_id, 99])).status_code == 404


def test_who_may_only_look_does_not_click(client: Client, cast: Cast, mail_id: int) -> None:
    client.force_login(cast.vera, backend="allauth.account.auth_backends.AuthenticationBackend")
    for path in (
        reverse("sending:mail", args=[mail_id]),
        reverse("sending:mail-link", args=[mail_id, 1]),
    ):
        page = client.get(path)
        assert page.status_code == 200
        assert "hx-post" not in page.content.decode(), "it is not offered what is refused"
        assert "/as-contact/" not in page.content.decode()
    assert client.post(reverse("sending:mail-click", args=[mail_id, 1])).status_code == 403
    assert client.get(reverse("sending:senders")).status_code == 403
