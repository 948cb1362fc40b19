"""The pages of a campaign in the hands of a newcomer: every field is there and does its work."""

from __future__ import annotations

import re
from datetime import datetime
from html import unescape

import pytest
from django.test import Client

from sincerely.apps.campaigns.actions import cancel_campaign, pause_campaign, resume_campaign
from sincerely.apps.campaigns.models import Campaign
from sincerely.apps.labels.actions import create_label
from sincerely.apps.sending.models import Message
from sincerely.apps.team.actions.keys import create_key
from sincerely.apps.team.models import AuditEntry
from sincerely.apps.team.rules import Capability
from tests.apps.campaigns.desk import draft, launch, put_on_list
from tests.apps.sending.people import add_contact, add_permission, marketing, opted_in
from tests.cast import Cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(cast: Cast, client: Client) -> Client:
    client.force_login(cast.alice)
    return client


def test_the_envelope_can_be_chosen_and_stored(cast: Cast, client: Client, now: datetime) -> None:
    kind = marketing(now)
    campaign = draft(cast, now=now)
    page = client.get(f"/mail/campaigns/{campaign.pk}/write/").content.decode()
    for name in ("sender", "subscription_type", "reply_to", "transport", "utm_source", "per_hour"):
        assert f'name="{name}"' in page
    answer = client.post(
        f"/mail/campaigns/{campaign.pk}/envelope/",
        {
            "name": "July",
            "sender": campaign.sender_id,
            "subscription_type": kind.pk,
            "transport": campaign.transport_id,
            "language": "en",
        },
    )
    assert answer.status_code == 302
    campaign.refresh_from_db()
    assert (campaign.name, campaign.subscription_type_id) == ("July", kind.pk)


def test_the_audience_is_ticked_and_counted(cast: Cast, client: Client, now: datetime) -> None:
    people = opted_in(3, now=now, kind=marketing(now))
    chosen = put_on_list("Friends", people[:2], now=now)
    campaign = draft(cast, now=now)
    address = f"/mail/campaigns/{campaign.pk}/people/"
    page = client.get(address).content.decode()
    assert f'value="list:{chosen.pk}"' in page
    assert 'type="checkbox"' in page
    counted = client.get(f"{address}count/", {"include": f"list:{chosen.pk}"})
    assert counted.context["will_get_it"] == 2
    client.post(address, {"include": f"list:{chosen.pk}"})
    campaign.refresh_from_db()
    assert campaign.audience == {"include": [{"list": chosen.pk}], "exclude": []}


def test_a_new_campaign_goes_to_whom_the_address_names(
    cast: Cast, client: Client, now: datetime
) -> None:
    label = create_label("Cats", now=now, actor=cast.actor)
    address = f"/mail/campaigns/new/?label={label.pk}"
    assert "Cats" in client.get(address).content.decode()
    client.post(
        address,
        {"name": "Cats only", "brand": cast.brand.pk, "language": "en", "template": "newsletter"},
    )
    assert Campaign.objects.get(name="Cats only").audience["include"] == [{"label": label.pk}]


def test_an_unknown_audience_in_the_address_is_left_out(
    cast: Cast, client: Client, now: datetime
) -> None:
    answer = client.get("/mail/campaigns/new/?segment=4711")
    assert answer.status_code == 200
    assert answer.context["audience_name"] == ""


def test_a_copy_is_made_by_page_and_by_api(cast: Cast, client: Client, now: datetime) -> None:
    campaign = draft(cast, now=now)
    client.post(f"/mail/campaigns/{campaign.pk}/duplicate/")
    edits, alice = [Capability.EDIT_CONTENT], cast.alice.pk
    _row, key = create_key("Copies", member_id=alice, scopes=edits, now=now, actor=cast.actor)
    answer = Client().post(
        f"/api/v1/campaigns/{campaign.pk}/duplicate",
        {"name": "July"},
        content_type="application/json",
        headers={"Authorization": f"Bearer {key}", "Idempotency-Key": "once"},
    )
    assert answer.status_code == 201, answer.content
    names = list(Campaign.objects.order_by("pk").values_list("name", "stage"))
    assert names == [("June", "draft"), ("Copy of June", "draft"), ("July", "draft")]


def test_a_reader_opens_what_came_of_a_campaign(cast: Cast, client: Client, now: datetime) -> None:
    people = opted_in(1, now=now, kind=marketing(now))
    campaign = draft(cast, now=now)
    campaign.audience = {"include": [{"list": put_on_list("A", people, now=now).pk}]}
    campaign.save()
    client.force_login(cast.vera)
    page = client.get(f"/mail/campaigns/{campaign.pk}/", follow=True)
    assert page.status_code == 200
    assert "data-editor" not in page.content.decode()
    launch(campaign, cast, now=now)
    page = client.get(f"/mail/campaigns/{campaign.pk}/", follow=True)
    assert page.redirect_chain[-1][0] == f"/reports/campaigns/{campaign.pk}/"
    assert [tab.name for tab in page.context["tabs"]] == ["write", "links", "result"]


@pytest.mark.requirement("R061")
def test_a_schedule_names_its_clock(cast: Cast, client: Client, now: datetime) -> None:
    people = opted_in(1, now=now, kind=marketing(now))
    campaign = draft(cast, now=now)
    campaign.audience = {"include": [{"list": put_on_list("A", people, now=now).pk}]}
    campaign.save()
    address = f"/mail/campaigns/{campaign.pk}/"
    at_nine = {"on": "2099-11-25", "time": "09:00"}
    in_york = {"when": "at", "zone": "America/New_York", **at_nine}
    page = client.post(f"{address}send/", in_york, follow=True).content.decode()
    assert "on its way" not in page
    assert "25 Nov 2099, 09:00 (America/New York)" in page
    assert "On your clock that is 25 Nov 2099, 15:00 (Europe/Amsterdam)" in page
    assert "has left the desk" not in client.get(f"{address}write/").content.decode()
    client.post(f"{address}send/stop/")
    local = {"when": "local", **at_nine}
    page = client.post(f"{address}send/", local, follow=True).content.decode()
    assert "25 Nov 2099, 09:00 on each contact" in page
    assert "25 Nov 2099, 09:00 on each" in client.get("/mail/campaigns/").content.decode()
    month = client.get("/mail/campaigns/calendar/?month=2099-11").context["weeks"]
    days = [cell["day"].isoformat() for week in month for cell in week if cell["campaigns"]]
    assert days == ["2099-11-25"]


def test_a_resumed_campaign_is_not_logged_as_launched(cast: Cast, now: datetime) -> None:
    people = opted_in(1, now=now, kind=marketing(now))
    campaign = draft(cast, now=now)
    campaign.audience = {"include": [{"list": put_on_list("A", people, now=now).pk}]}
    campaign.save()
    launch(campaign, cast, now=now)
    for act in (pause_campaign, resume_campaign, cancel_campaign):
        act(campaign.pk, now=now, actor=cast.actor)
    acts = AuditEntry.objects.filter(act__startswith="campaign.").order_by("pk")
    assert list(acts.values_list("act", flat=True)) == [
        "campaign.created",
        "campaign.launched",
        "campaign.paused",
        "campaign.resumed",
        "campaign.cancelled",
    ]


def test_who_would_not_get_it_stands_behind_each_reason(
    cast: Cast, client: Client, now: datetime
) -> None:
    people = opted_in(5, now=now, kind=marketing(now))
    stranger = add_contact("stranger@people.example", now=now)
    twin = add_contact(people[0].address, now=now, share=1)
    add_permission(twin, marketing(now), now=now)
    wanted = put_on_list("Friends", [*people, stranger, twin], now=now)
    unwanted = put_on_list("Foes", people[3:], now=now)
    campaign = draft(cast, now=now)
    audience = {"include": f"list:{wanted.pk}", "exclude": f"list:{unwanted.pk}"}
    page = client.get(f"/mail/campaigns/{campaign.pk}/people/count/", audience)
    counted = {reason: count for reason, _words, count in page.context["left_out"]}
    assert counted == {"excluded": 2, "no_permission": 1, "same_address": 1}
    assert page.context["will_get_it"] == 3
    assert page.context["left_out_count"] == 4
    places = re.findall(r'href="([^"]*/left-out/[^"]*)"', page.content.decode())
    behind = [client.get(unescape(place)).context["people"] for place in places]
    expected = [{people[3], people[4]}, {stranger}, {twin}]
    assert sorted(map(len, behind), reverse=True) == [2, 1, 1]
    assert all(set(one) in expected for one in behind)
    assert client.get(places[0].split("?")[0], {"reason": "x"}).status_code == 404


def test_the_envelope_shows_the_line_of_the_inbox(
    cast: Cast, client: Client, now: datetime
) -> None:
    campaign = draft(cast, now=now)
    address = f"/mail/campaigns/{campaign.pk}/"
    assert f'hx-get="{address}inbox/"' in client.get(f"{address}write/").content.decode()
    line = client.get(f"{address}inbox/").content.decode()
    assert "Hello there" in line
    assert "Pet shop" in line


def test_what_nobody_can_know_stays_counted_and_is_decided_by_who_may_send(
    cast: Cast, client: Client, now: datetime
) -> None:
    opted_in(2, now=now, kind=marketing(now))
    campaign = draft(cast, now=now)
    campaign.audience = {"include": [{"everyone": True}]}
    campaign.save()
    launch(campaign, cast, now=now)
    Message.objects.update(state="unknown", finished_at=now)
    page, report = f"/mail/campaigns/{campaign.pk}/send/", f"/reports/campaigns/{campaign.pk}/"
    choice = f"/mail/campaigns/{campaign.pk}/unknown/"
    behind = f"{report}recipients/?state=unknown"
    assert client.get(page).content.decode().count(choice) == 2
    asked = client.get(choice).content.decode()
    assert "2 <span" in asked
    assert f"{choice}repeat/" in asked
    assert Message.objects.filter(state="unknown").count() == 2, "to ask changes nothing"
    client.force_login(cast.vera)
    assert client.get(choice).status_code == 403
    read = client.get(report).content.decode()
    assert "nobody can know" in read
    assert choice not in read
    client.force_login(cast.alice)
    client.post(f"{choice}leave/")
    assert client.get(choice).status_code == 302, "there is nothing to decide any more"
    left = client.get(page).content.decode()
    assert choice not in left
    assert f'<a href="{behind}">2</a>' in left
