"""The thank-you page: whose language, whose words, what the button does, who may write it."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from sincerely.apps.consent.actions import withdraw
from sincerely.apps.consent.models import ConsentRecord, Permission
from sincerely.apps.contacts.models import Contact
from sincerely.apps.content.actions import create_content, freeze
from sincerely.apps.engagement.models import Delivery, Event, Mailing
from sincerely.apps.preferences.models import ThankYouPage
from sincerely.apps.sending.actions import ensure_default_sender
from sincerely.apps.sending.models import Dispatch, Message, Transport
from sincerely.apps.team.models import AuditEntry
from tests.apps.engagement.world import World
from tests.apps.preferences.test_pages import browser, message, standing, token_of
from tests.cast import Cast

__all__ = ["browser", "message"]


def page_of(message: Message) -> str:
    return f"/p/confirm/{token_of(message, 'confirm')}"


def confirmed(message: Message) -> list[ConsentRecord]:
    return list(ConsentRecord.objects.filter(message_id=message.pk, cause="confirmed"))


@pytest.mark.requirement("R064")
def test_the_button_confirms_once_and_the_page_says_so(message: Message, browser: Client) -> None:
    page = page_of(message)
    for _ in range(20):
        for ask in (browser.get, browser.head):
            answer = ask(page)
            assert answer.status_code == 200
            assert not answer.cookies
    assert confirmed(message) == []
    for _ in range(3):
        assert browser.post(page)["Location"] == page
    record = confirmed(message)[0]
    assert len(confirmed(message)) == 1
    assert (record.channel, record.evidence) == ("link", 2)
    assert record.wording is not None
    assert "Yes, keep writing to me" in record.wording.text
    assert '"document":"confirm"' in (record.payload or "")
    assert Event.objects.filter(message_id=message.pk, kind="confirmed").count() == 1
    read = browser.get(page).content.decode()
    assert "Reconfirmed" in read
    assert "a…r@people.example" in read
    assert message.contact.address not in read
    assert "<form" not in read


def test_who_has_left_is_asked_and_comes_back_by_the_button_only(
    message: Message, browser: Client, world: World
) -> None:
    withdraw(message.contact_id, subscription_type_id=None, channel="link", now=world.now)
    page = browser.get(page_of(message)).content.decode()
    assert "You are not on our list now." in page
    assert "Reconfirmed" not in page
    assert not any(standing(message).values())
    browser.post(page_of(message))
    assert standing(message) == {"Marketing Information": True, "Events": False}


def test_a_mail_without_a_type_thanks_and_asks_nothing(message: Message, browser: Client) -> None:
    Mailing.objects.update(subscription_type_id=None)
    page = browser.get(page_of(message))
    assert "Thank you" in page.content.decode()
    assert "<form" not in page.content.decode()
    assert browser.post(page_of(message)).status_code == 302
    assert confirmed(message) == []


def dispatched(message: Message, cast: Cast, world: World) -> None:
    """Make the mail one of the brand's."""
    sender = ensure_default_sender(
        brand_id=cast.brand.pk, name="Pet shop", address="hello@shop.example", now=world.now
    )
    transport = Transport.objects.create(name="relay", kind="smtp", created_at=world.now)
    Dispatch.objects.create(
        mailing=message.mailing, sender=sender, transport=transport, created_at=world.now
    )


def test_a_brands_own_words_and_offer_in_the_contacts_language(
    message: Message, browser: Client, cast: Cast, client: Client, world: World
) -> None:
    dispatched(message, cast, world)
    Contact.objects.filter(pk=message.contact_id).update(language="nl")
    client.force_login(cast.bob)
    assert client.get("/settings/thank-you/")["Location"].endswith(f"/{cast.brand.pk}/en/")
    own = f"/settings/thank-you/{cast.brand.pk}/nl/"
    assert client.get(own).status_code == 200
    offer = {"offer": "Tien procent korting", "offer_label": "Pak hem"}
    assert client.post(own, offer | {"offer_url": "ftp://shop.example"}).status_code == 422
    assert client.post(own, offer).status_code == 422
    given = offer | {"heading": "Fijn <b>zo</b>", "offer_url": "https://shop.example/korting"}
    assert client.post(own, given).status_code == 302
    page = browser.get(page_of(message)).content.decode()
    assert 'lang="nl"' in page
    assert "Fijn &lt;b&gt;zo&lt;/b&gt;" in page
    assert "Tien procent korting" in page
    assert 'href="https://shop.example/korting"' in page
    Contact.objects.filter(pk=message.contact_id).update(language="en")
    assert "korting" not in browser.get(page_of(message)).content.decode()
    assert client.post(own, {}).status_code == 302
    assert not ThankYouPage.objects.exists(), "all empty means our words again"
    assert AuditEntry.objects.filter(act="thank-you page changed").count() == 2


def test_only_who_edits_content_writes_the_page(client: Client, cast: Cast) -> None:
    own = f"/settings/thank-you/{cast.brand.pk}/en/"
    assert client.get(own)["Location"].startswith("/account/login/")
    client.force_login(cast.vera)
    assert client.post(own, {"heading": "x"}).status_code == 403
    client.force_login(cast.bob)
    assert client.get("/settings/thank-you/999999/en/").status_code == 404
    assert client.get(f"/settings/thank-you/{cast.brand.pk}/xx/").status_code == 404


def test_the_web_version_leads_to_the_page_without_a_signal(
    message: Message, browser: Client, cast: Cast, world: World
) -> None:
    blocks = [{"id": "c", "type": "confirm", "settings": {"label": "Yes"}}]
    content = create_content(
        "Stay?",
        brand_id=cast.brand.pk,
        mode="blocks",
        document={"version": 1, "blocks": blocks},
        subject="Stay?",
        now=world.now,
        actor=cast.actor,
    )
    message.version = freeze(content.pk, mailing_id=message.mailing_id, now=world.now)
    message.save()
    view = browser.get(f"/p/view/{token_of(message, 'view')}").content.decode()
    links = re.findall(r'href="([^"]*/p/confirm/[^"]*)"', view)
    assert links
    assert all(link.endswith(page_of(message)) for link in links)
    assert not Delivery.objects.exists()
    assert Permission.objects.filter(contact_id=message.contact_id, is_in=True).count() == 2
