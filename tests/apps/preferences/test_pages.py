"""The contact's own pages: a GET changes nothing, a button acts, a forged token is nothing."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.test import Client

from sincerely.apps.consent.actions import permit
from sincerely.apps.consent.models import ConsentRecord, OptOut, Permission, SubscriptionType
from sincerely.apps.consent.rules.proof import Proof
from sincerely.apps.content.actions import create_content, freeze
from sincerely.apps.engagement.models import Delivery, Event, Signal
from sincerely.apps.engagement.rules.tokens import mint
from sincerely.apps.preferences.models import UnsubscribeReason
from sincerely.apps.sending.actions import ensure_default_sender
from sincerely.apps.sending.actions.dispatches import open_dispatch
from sincerely.apps.sending.actions.transports import mailbox_transport
from sincerely.apps.sending.models import Message
from sincerely.apps.team.rules import PROGRAM
from tests.apps.engagement.world import World
from tests.cast import Cast


def token_of(message: Message, purpose: str) -> str:
    return mint(
        settings.TOKEN_KEYS,
        purpose,
        mailing_id=message.mailing_id,
        message_id=message.pk,
        nonce=bytes(message.nonce),
    )


@pytest.fixture
def message(world: World) -> Message:
    """A mail to Ann, who permitted the default type and a second one."""
    ann = world.contact("ann.reader")
    SubscriptionType.objects.create(name="Events", created_at=world.now)
    for kind in SubscriptionType.objects.all():
        permit(
            ann.pk,
            subscription_type_id=kind.pk,
            channel="form",
            evidence=1,
            proof=Proof(address=ann.address),
            now=world.now,
            actor=PROGRAM,
        )
    return world.message(ann)


@pytest.fixture
def browser() -> Client:
    """A stranger's browser that would notice a missing CSRF token."""
    return Client(enforce_csrf_checks=True)


def standing(message: Message) -> dict[str, bool]:
    rows = Permission.objects.filter(contact_id=message.contact_id)
    return {row.subscription_type.name: row.is_in for row in rows}


@pytest.mark.requirement("R004")
def test_a_get_shows_and_changes_nothing(message: Message, browser: Client) -> None:
    before = ConsentRecord.objects.count()
    addresses = [
        f"/p/unsubscribe/{token_of(message, 'unsubscribe')}",
        f"/p/preferences/{token_of(message, 'preferences')}",
    ]
    for _ in range(20):
        for address in addresses:
            for ask in (browser.get, browser.head):
                answer = ask(address)
                assert answer.status_code == 200
                assert not answer.cookies
    assert ConsentRecord.objects.count() == before
    page = browser.get(addresses[0]).content.decode()
    assert "a…r@people.example" in page
    assert message.contact.address not in page


def test_the_postal_address_keeps_its_lines(
    world: World, message: Message, browser: Client, cast: Cast
) -> None:
    sender = ensure_default_sender(
        brand_id=cast.brand.pk, name="Shop", address="mail@shop.example", now=world.now
    )
    transport = mailbox_transport(now=world.now)
    open_dispatch(
        world.mailing.pk,
        sender_id=sender.pk,
        transport_id=transport.pk,
        subscription_type_id=None,
        now=world.now,
    )
    cast.brand.postal_address = "1 High Street\n9000 Ghent"
    cast.brand.save()
    page = browser.get(f"/p/unsubscribe/{token_of(message, 'unsubscribe')}").content.decode()
    assert "1 High Street<br>9000 Ghent" in page


@pytest.mark.requirement("R005")
def test_leaving_one_type_leaves_the_other(message: Message, browser: Client) -> None:
    address = f"/p/unsubscribe/{token_of(message, 'unsubscribe')}"
    answer = browser.post(
        address, {"scope": "type", "answer": "too_often", "words": "Every day!"}, follow=True
    )
    assert answer.status_code == 200
    kind = SubscriptionType.objects.get(is_default=True)
    assert standing(message) == {kind.name: False, "Events": True}
    assert not OptOut.objects.exists()
    event = Event.objects.get(kind="unsubscribed")
    assert event.message_id == message.pk
    assert Delivery.objects.get(message_id=message.pk).unsubscribed_at == event.at
    reason = UnsubscribeReason.objects.get()
    assert (reason.answer, reason.words) == ("too_often", "Every day!")
    browser.post(address, {"scope": "type"})
    browser.post(address, {"scope": "type", "answer": "other", "words": "I moved"})
    assert Event.objects.filter(kind="unsubscribed").count() == 1
    reason = UnsubscribeReason.objects.get()
    assert (reason.answer, reason.words) == ("other", "I moved")


def test_leaving_everything_and_coming_back(message: Message, browser: Client) -> None:
    browser.post(f"/p/unsubscribe/{token_of(message, 'unsubscribe')}", {"scope": "all"})
    assert OptOut.objects.filter(contact_id=message.contact_id).exists()
    assert not any(standing(message).values())
    events = SubscriptionType.objects.get(name="Events")
    page = f"/p/preferences/{token_of(message, 'preferences')}"
    answer = browser.post(page, {"wanted": [str(events.pk)]})
    assert answer.status_code == 200
    assert standing(message)["Events"] is True
    assert sum(standing(message).values()) == 1
    assert not OptOut.objects.exists()
    browser.post(page, {})
    assert not any(standing(message).values())
    assert browser.post(page, {"wanted": ["999"]}).status_code == 422


def test_a_forged_or_foreign_token_is_nothing(message: Message, browser: Client) -> None:
    good = token_of(message, "unsubscribe")
    Message.objects.filter(pk=message.pk).update(nonce=b"others")
    forged = [good, good[:-1] + ("A" if good[-1] != "A" else "E"), token_of(message, "click"), "x"]
    for token in forged:
        for page in ("unsubscribe", "preferences", "view"):
            assert browser.get(f"/p/{page}/{token}").status_code == 404
            assert browser.post(f"/p/{page}/{token}", {"scope": "all"}).status_code in (403, 404)
    assert not OptOut.objects.exists()


def test_the_page_of_the_left_says_so_only_if_it_is_true(message: Message, browser: Client) -> None:
    start = f"/p/unsubscribe/{token_of(message, 'unsubscribe')}"
    for page in ("type", "all"):
        assert browser.get(f"{start}/{page}").status_code == 302
    browser.post(start, {"scope": "all"})
    for page in ("type", "all"):
        assert browser.get(f"{start}/{page}").status_code == 200


@pytest.mark.parametrize("language", ["en", "nl", "sv", "da", "xx"])
def test_the_page_speaks_the_contacts_language(
    message: Message, browser: Client, language: str
) -> None:
    message.contact.language = language
    message.contact.save()
    page = browser.get(f"/p/unsubscribe/{token_of(message, 'unsubscribe')}").content.decode()
    assert f'<html lang="{language if language != "xx" else "en"}"' in page


def test_the_mail_in_the_browser_is_the_contacts_own_and_silent(
    world: World, cast: Cast, message: Message, browser: Client
) -> None:
    content = create_content(
        "Spring",
        brand_id=cast.brand.pk,
        now=world.now,
        actor=PROGRAM,
        mode="html",
        subject="Hello {{ contact.first_name | default: 'you' }}",
        source="<html><body><p>Dear {{ contact.first_name | default: 'reader' }}</p>"
        "<a href='https://shop.example/dogs'>Dogs</a>"
        "<a href='{{ unsubscribe_url }}'>Leave</a></body></html>",
    )
    version = freeze(content.pk, mailing_id=world.mailing.pk, now=world.now)
    Message.objects.filter(pk=message.pk).update(version=version)
    message.contact.first_name = "Ann"
    message.contact.save()
    answer = browser.get(f"/p/view/{token_of(message, 'view')}")
    page = answer.content.decode()
    assert "Dear Ann" in page
    assert "https://shop.example/dogs" in page
    assert ".gif" not in page
    assert "script-src 'none'" in answer["Content-Security-Policy"]
    assert "default-src 'none'" in answer["Content-Security-Policy"]
    assert not Signal.objects.exists()
