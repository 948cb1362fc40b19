"""Clicks from end to end: mail over SMTP, requests over HTTP, verdicts, labels, counts."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.test import Client

from sincerely.apps.engagement.models import Delivery, Event, EventKind
from sincerely.apps.interests.actions import rebuild
from sincerely.apps.interests.models import ContactLabel, LabelChange, LabelDay
from sincerely.apps.labels.actions import create_label
from sincerely.apps.sending.models import Message
from sincerely.apps.team.models import Organisation
from tests.stories.shop import (
    DOGS,
    Shop,
    link_to,
    links_in,
    pixel_in,
    unsubscribe_in,
)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.engines]


@pytest.mark.requirement("R023")
def test_a_click_labels_within_seconds_of_the_verdict_and_a_scanner_never(shop: Shop) -> None:
    dogs = create_label("Honden", now=shop.now, actor=shop.cast.actor)
    reader, scanner, twice = (shop.contact(name, shop.kind()) for name in ("ann", "bot", "bea"))
    first = shop.send("First", labels={DOGS: dogs})
    shop.later(seconds=1)  # scanners come with the mail
    for address in links_in(shop.inbox(scanner)[0]):
        assert shop.ask(address, ip="127.0.0.9")[0] == 302
    shop.later(hours=1)
    shop.click(shop.inbox(reader)[0], DOGS)
    shop.fold()
    assert not ContactLabel.objects.exists()
    shop.later(seconds=95)
    shop.fold()
    assert [held.contact_id for held in ContactLabel.objects.all()] == [reader.pk]
    change = LabelChange.objects.get()
    message = Message.objects.get(mailing_id=first.mailing_id, contact=reader)
    assert (change.route, change.message_id) == ("click", message.pk)
    Organisation.objects.update(label_minimum_clicks=2)
    for number in (1, 2):
        shop.later(hours=2)
        shop.click(shop.inbox(twice)[0], DOGS)
        shop.settle()
        assert ContactLabel.objects.filter(contact=twice).exists() is (number == 2)
    assert not ContactLabel.objects.filter(contact=scanner).exists()
    assert set(
        Event.objects.filter(contact=scanner, kind=EventKind.CLICKED).values_list(
            "verdict", flat=True
        )
    ) == {"machine"}


@pytest.mark.requirement("R024")
def test_three_clicks_on_two_mails_are_counted_and_equal_a_rebuild(shop: Shop) -> None:
    dogs = create_label("Honden", now=shop.now, actor=shop.cast.actor)
    ann = shop.contact("ann", shop.kind())
    for name in ("First", "Second"):
        shop.send(name, labels={DOGS: dogs})
    first, second = shop.inbox(ann)
    for mail in (first, first, second):
        shop.later(hours=26)
        shop.click(mail, DOGS)
    shop.settle()
    browser = Client()
    browser.force_login(shop.cast.vera)
    page = browser.get(f"/people/{ann.pk}/").content.decode()
    assert "3 clicks, on 3 days, in 2 mails" in page
    columns = ("contact_id", "label_id", "day", "mailing_id", "human_count", "undecided_count")
    before = list(LabelDay.objects.order_by("day", "mailing_id").values_list(*columns, "last_at"))
    assert sum(row[4] for row in before) == 3
    LabelDay.objects.all().delete()
    rebuild([ann.pk])
    after = list(LabelDay.objects.order_by("day", "mailing_id").values_list(*columns, "last_at"))
    assert after == before


@pytest.mark.requirement("R030")
def test_a_click_leads_on_byte_for_byte_and_leaving_is_no_click(shop: Shop) -> None:
    ann = shop.contact("ann", shop.kind())
    campaign = shop.send("June")
    (mail,) = shop.inbox(ann)
    shop.later(hours=1)
    before = shop.now
    address = link_to(mail, DOGS)
    assert shop.ask(address) == (302, DOGS)
    token = address.split("/c/")[1].split("/")[0]
    forged = token[:9] + ("A" if token[9] != "A" else "B") + token[10:]
    assert shop.ask(address.replace(token, forged)) == (404, "")
    assert shop.ask(f"{address}?to=https://evil.example")[1] == DOGS
    assert shop.ask(address.rpartition("/")[0] + "/99") == (404, "")
    shop.later(hours=1)
    status, page = shop.ask(unsubscribe_in(mail))
    assert (status, page.startswith(f"{settings.PUBLIC_URL}/p/unsubscribe/")) == (302, True)
    shop.settle()
    events = Event.objects.filter(kind=EventKind.CLICKED)
    message = Message.objects.get(mailing_id=campaign.mailing_id)
    assert {(e.contact_id, e.message_id, e.link.url) for e in events if e.link} == {
        (ann.pk, message.pk, DOGS)
    }
    assert all(before <= event.at <= shop.now for event in events)
    assert Delivery.objects.get().human_click_count == 2, "the genuine ones, not the leaving"


@pytest.mark.requirement("R031")
def test_the_last_opening_is_unknown_until_a_person_opened(shop: Shop) -> None:
    kind = shop.kind()
    silent, apple, reader, private = (
        shop.contact(name, kind) for name in ("silent", "apple", "reader", "private")
    )
    private.tracking_tier = "none"
    private.save()
    shop.send("June")
    assert pixel_in(shop.inbox(private)[0]) == ""
    assert links_in(shop.inbox(private)[0]) == []
    shop.later(hours=1)
    assert shop.ask(pixel_in(shop.inbox(apple)[0]), agent="Mozilla/5.0")[0] == 200
    assert shop.ask(pixel_in(shop.inbox(reader)[0]))[0] == 200
    shop.settle()
    for contact in (silent, apple, reader):
        contact.refresh_from_db()
    rows = {c.pk: c.contactengagement for c in (silent, apple, reader)}
    assert rows[silent.pk].last_open_at is None
    assert rows[apple.pk].last_open_at is None
    assert rows[apple.pk].last_machine_open_at is not None
    assert rows[reader.pk].last_open_at is not None
