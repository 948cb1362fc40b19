"""Each number of a report opens exactly the people whom it counts."""

from __future__ import annotations

import random
import re
from datetime import datetime

import pytest
from django.test import Client

from sincerely.apps.campaigns.models import Campaign
from sincerely.apps.contacts.models import Contact
from sincerely.apps.engagement.actions import LinkSpec, replace_links
from sincerely.apps.engagement.models import Delivery, Event, EventKind, Link, Verdict
from sincerely.apps.labels.actions import create_label
from sincerely.apps.sending.models import Message, State
from tests.apps.campaigns.desk import draft, launch, put_on_list
from tests.apps.sending.people import marketing, opted_in
from tests.cast import Cast

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("R108")]
NUMBER = re.compile(r'<a href="([^"]*/recipients/[^"]*)">(?:<[^>]+>)?([\d,]+)<')
CLICKS_ONLY = re.compile(r"made-|link=.*-machine")  # the report counts no people beside these


def numbers_of(page: str) -> dict[str, list[int]]:
    """Return each list that a report links to, with the numbers that lead there."""
    found: dict[str, list[int]] = {}
    for place, number in NUMBER.findall(page):
        found.setdefault(place.replace("&amp;", "&"), []).append(int(number.replace(",", "")))
    return found


@pytest.fixture
def client(cast: Cast, client: Client) -> Client:
    client.force_login(cast.vera)
    return client


def sent_to(count: int, cast: Cast, now: datetime) -> tuple[Campaign, list[Contact]]:
    """A campaign on its way to so many people who may get it and one who may not."""
    people = opted_in(count, now=now, kind=marketing(now))
    stranger = Contact.objects.create(
        address="x@people.example", address_key=b"x" * 16, domain="x", created_at=now,
        changed_at=now,
    )  # fmt: skip
    campaign = draft(cast, now=now)
    friends = put_on_list("Friends", [*people, stranger], now=now)
    campaign.audience = {"include": [{"list": friends.pk}], "exclude": []}
    campaign.save()
    launch(campaign, cast, now=now)
    campaign.refresh_from_db()
    return campaign, people


def react(campaign: Campaign, person: Contact, chance: random.Random, now: datetime) -> None:
    """Let one recipient do something of everything, with the rollup that belongs to it."""
    mailing = campaign.mailing_id
    message = Message.objects.get(mailing_id=mailing, contact=person)
    counts: dict[str, int] = {}
    for _ in range(chance.randrange(4)):
        kind, verdict = chance.choice(["opened", "clicked"]), chance.choice(Verdict.values)
        link = chance.choice(Link.objects.filter(mailing_id=mailing)) if kind == "clicked" else None
        Event.objects.create(
            contact=person, kind=EventKind(kind), at=now, mailing_id=mailing,
            message_id=message.pk, link=link, verdict=verdict, machine_probability=0.5,
        )  # fmt: skip
        name = f"{verdict}_{'open' if kind == 'opened' else 'click'}_count"
        counts[name] = counts.get(name, 0) + 1
    has_bounced = chance.random() < 0.2
    Delivery.objects.create(
        contact=person, mailing_id=mailing, message_id=message.pk, sent_at=now,
        delivered_at=None if has_bounced else now,
        bounced_at=now if has_bounced else None,
        unsubscribed_at=now if chance.random() < 0.5 else None,
        **counts,
    )  # fmt: skip
    Message.objects.filter(pk=message.pk).update(state=State.ACCEPTED)


def test_each_number_opens_the_people_behind_it(cast: Cast, client: Client, now: datetime) -> None:
    campaign, people = sent_to(24, cast, now)
    label = create_label("Dogs", now=now, actor=cast.actor)
    shop = "https://shop.example"
    replace_links(
        campaign.mailing_id,
        [
            LinkSpec(1, f"{shop}/dogs", "Dogs", label_id=label.pk),
            LinkSpec(2, f"{shop}/offers", "Offers", role="action"),
        ],
    )
    chance = random.Random(3)
    for person in people[:20]:
        react(campaign, person, chance, now)
    waiting = Message.objects.filter(contact__in=people[20:])
    waiting.filter(contact__in=people[20:22]).update(reason="capped")
    waiting.filter(contact=people[22]).update(state=State.CANCELLED)
    numbers = numbers_of(client.get(f"/reports/campaigns/{campaign.pk}/").content.decode())
    assert len(numbers) > 25
    assert sum(max(counted) > 0 for counted in numbers.values()) > 20
    for place, counted in numbers.items():
        rows = client.get(place).context["rows"]
        behind = len({row.contact_id for row, _words in rows})
        if CLICKS_ONLY.search(place):
            assert min(1, *counted) <= behind <= max(counted), (place, counted)
        else:
            assert behind == min(counted), (place, counted)


def test_who_was_left_out_waits_or_was_cancelled_adds_up(
    cast: Cast, client: Client, now: datetime
) -> None:
    campaign, people = sent_to(5, cast, now)
    rows = Message.objects.filter(mailing_id=campaign.mailing_id)
    rows.filter(contact=people[0]).update(state=State.ACCEPTED)
    client.force_login(cast.alice)
    steer = f"/mail/campaigns/{campaign.pk}/send/"
    asked = client.get(f"/mail/campaigns/{campaign.pk}/cancel/")
    assert asked.context["tally"].open_count == 4
    assert f'action="{steer}cancel/"' in asked.content.decode()
    client.post(f"{steer}cancel/")
    tally = client.get(steer).context["tally"]
    assert (tally.handed_over_count, tally.mailable_count, tally.cancelled_count) == (1, 5, 4)
    assert tally.audience_count == tally.left_out_count + tally.mailable_count == 6
    report = client.get(f"/reports/campaigns/{campaign.pk}/").content.decode()
    place = f"/reports/campaigns/{campaign.pk}/recipients/?state=cancelled"
    assert numbers_of(report)[place] == [4]


def test_an_address_that_names_no_number_opens_nothing(
    cast: Cast, client: Client, now: datetime
) -> None:
    campaign, _people = sent_to(1, cast, now)
    for asked in ("did=x", "link=x", "label=99", "state=x", "waits=x", "reason=x", "outcome=x"):
        place = f"/reports/campaigns/{campaign.pk}/recipients/?{asked}"
        assert client.get(place).status_code == 404, asked


def test_the_list_of_people_can_be_narrowed_where_it_stands(
    cast: Cast, client: Client, now: datetime
) -> None:
    campaign, _people = sent_to(1, cast, now)
    page = f"/reports/campaigns/{campaign.pk}/recipients/"
    chosen = re.compile(r"<option (?:value=\"(\w*)\" )?selected(?: disabled)?>([^<]*)</option>")
    for asked, value, words in (
        ("", "", "Everybody it was sent to"),
        ("?outcome=opened", "opened", "Opened"),
        ("?state=unknown", "", "Unknown"),
    ):
        read = client.get(page + asked).content.decode()
        assert chosen.findall(read) == [(value, words)]
        assert read.count('<option value="') == 9
