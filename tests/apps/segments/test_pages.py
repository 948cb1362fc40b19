"""The segment pages: gallery, form, preview, people, history, copies and snapshots."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from sincerely.apps.contacts.models import ListMembership
from sincerely.apps.engagement.models import Mailing
from sincerely.apps.labels.models import Label
from sincerely.apps.segments import actions
from sincerely.apps.segments.models import Segment
from sincerely.apps.segments.rules.form import to_fields
from sincerely.wire import clock
from tests.apps.segments.population import populate
from tests.cast import Cast


@pytest.fixture
def client(cast: Cast, client: Client, now: datetime) -> Client:
    clock.set_offset(now - clock.now() + clock._offset)
    client.force_login(cast.bob)
    yield client
    clock.set_offset(now - now)


def posted(rule: dict[str, Any], **more: str) -> dict[str, Any]:
    return {**to_fields(rule), **more}


def test_gallery_offers_every_ready_made_segment(client: Client, now: datetime) -> None:
    label = Label.objects.create(name="Honden", created_at=now)
    Mailing.objects.create(tag="campaign", name="Spring", created_at=now)
    page = client.get(reverse("segments:new"))
    text = page.content.decode()
    assert "Honden" in text
    assert "Spring" in text
    assert "?start=engaged" in text
    form = client.get(reverse("segments:new"), {"start": "interested", "pick": label.pk})
    assert 'value="90"' in form.content.decode()


def test_a_segment_is_made_in_the_form_without_script(client: Client, now: datetime) -> None:
    made = populate(2, now)
    url = reverse("segments:new")
    rule: dict[str, Any] = {"all": [{"criterion": "label", "label": made.labels[0]}]}
    added = client.post(url, posted(rule, act="add:", name="", description=""))
    assert added.status_code == 200
    assert b'name="rule.1.criterion"' in added.content
    unnamed = client.post(url, posted(rule, name=""))
    assert unnamed.status_code == 422
    saved = client.post(url, posted(rule, name="Dogs", description="for the shop"))
    segment = Segment.objects.get(name="Dogs")
    assert saved.headers["Location"] == reverse("segments:detail", args=[segment.pk])
    assert segment.rule == rule
    page = client.get(saved.headers["Location"]).content.decode()
    assert "with the label “Label 0”" in page
    again = client.post(url, posted(rule, name="Dogs"))
    assert again.status_code == 422
    assert "Another segment has this name" in again.content.decode()


def test_an_unfinished_rule_is_not_saved(client: Client, now: datetime) -> None:
    page = client.post(reverse("segments:new"), posted({"all": []}, name="Nobody"))
    assert page.status_code == 422
    assert "empty" in page.content.decode()
    assert not Segment.objects.exists()


def test_a_circle_is_named_and_marked_where_it_begins(
    client: Client, cast: Cast, now: datetime
) -> None:
    made = populate(6, now)
    rule: dict[str, Any] = {"all": [{"criterion": "label", "label": made.labels[0]}]}
    first = actions.create_segment("First", rule, now=now, actor=cast.actor)
    use = {"all": [{"criterion": "segment", "segment": first.pk}]}
    second = actions.create_segment("Second", use, now=now, actor=cast.actor)
    circular = {"all": [*rule["all"], {"criterion": "segment", "segment": second.pk}]}
    url = reverse("segments:edit", args=[first.pk])
    assert f"?segment={first.pk}" in client.get(url).content.decode()
    refused = client.post(url, posted(circular, name="First"))
    assert refused.status_code == 422
    line = refused.content.decode().split('data-rule-line="1"')[1].split("data-rule-line")[0]
    assert "a circle (First → Second → First)" in line
    live = client.post(f"{reverse('segments:preview')}?segment={first.pk}", posted(circular))
    assert "a circle (First → Second → First)" in live.content.decode()
    first.refresh_from_db()
    assert first.rule == rule


def test_form_and_preview_answer_htmx(client: Client, now: datetime) -> None:
    made = populate(3, now)
    rule = {
        "any": [
            {"criterion": "label", "label": made.labels[0]},
            {"none": [{"criterion": "list", "list": made.lists[0]}]},
        ]
    }
    boxes = client.post(
        reverse("segments:form"), posted(rule, act="wrap:0"), headers={"HX-Request": "true"}
    )
    assert b'name="rule.0.0.label"' in boxes.content
    assert boxes.headers["HX-Trigger-After-Settle"] == "rule-changed"
    shown = client.post(
        reverse("segments:preview"), posted(rule), headers={"HX-Request": "true"}
    ).content.decode()
    assert 'id="count-1-0"' in shown
    assert "People with the label" in shown
    wrong = client.post(reverse("segments:preview"), posted({"all": []})).content.decode()
    assert "selects nobody" in wrong


@pytest.mark.parametrize("junk", ["[]", '{"all": 3}', '{"criterion": "x"}', "nonsense", "{}"])
def test_strange_rules_in_the_address_do_no_harm(client: Client, junk: str) -> None:
    page = client.get(reverse("segments:new"), {"rule": junk})
    assert page.status_code == 200


def test_strange_posts_do_no_harm(client: Client) -> None:
    for fields in (
        {},
        {"rule.node": "all", "rule.size": "99999999"},
        {"rule.node": "all", "rule.size": "x"},
        {
            "rule.node": "criterion",
            "rule.criterion": "mail",
            "rule.mailing": "x",
            "rule.at_least": "",
        },
        {"rule.node": "criterion", "rule.criterion": "field", "rule.field": "custom.nope"},
        {"rule.node": "any", "rule.size": "1", "act": "out:0"},
        {"rule.node": "any", "rule.size": "1", "act": "remove:7.7"},
        {"rule.node": "any", "rule.size": "1", "act": "format:1"},
    ):
        for name in ("form", "preview"):
            assert client.post(reverse(f"segments:{name}"), fields).status_code == 200


def test_people_history_copy_archive_and_snapshot(
    client: Client, cast: Cast, now: datetime
) -> None:
    made = populate(4, now, size=60)
    segment = actions.create_segment("All", {"everyone": True}, now=now, actor=cast.actor)
    detail = reverse("segments:detail", args=[segment.pk])
    assert b"?after=" in client.get(detail).content
    actions.refresh(segment, now=now)
    first = client.get(detail).content.decode()
    assert f"?after={made.contacts[49]}" in first
    last = client.get(detail, {"after": made.contacts[49]}).content.decode()
    assert "person59@example.com" in last
    assert "person49@example.com" not in last
    history = client.get(reverse("segments:history", args=[segment.pk])).content.decode()
    assert "entered" in history
    client.post(reverse("segments:snapshot", args=[segment.pk]), {"name": "Snap"})
    assert ListMembership.objects.filter(contact_list__name="Snap").count() == 60
    client.post(reverse("segments:duplicate", args=[segment.pk]))
    assert Segment.objects.filter(name="Copy of All").exists()
    client.post(reverse("segments:archive", args=[segment.pk]))
    segment.refresh_from_db()
    assert segment.archived_at is not None
    assert "All" not in client.get(reverse("segments:list")).content.decode().split("<main")[
        1
    ].replace("Copy of All", "")


def test_a_wrong_segment_says_so_and_shows_nobody(
    client: Client, cast: Cast, now: datetime
) -> None:
    made = populate(5, now)
    rule = {"criterion": "label", "label": made.labels[0]}
    segment = actions.create_segment("Dogs", rule, now=now, actor=cast.actor)
    Label.objects.filter(pk=made.labels[0]).delete()
    page = client.get(reverse("segments:detail", args=[segment.pk])).content.decode()
    assert "no longer exists" in page
    assert "person1@example.com" not in page
    assert "Mail these people" not in page
    assert "/people/export/?segment" not in page


def test_only_a_segment_in_use_offers_to_mail_its_people(
    client: Client, cast: Cast, now: datetime
) -> None:
    segment = actions.create_segment("All", {"everyone": True}, now=now, actor=cast.actor)
    detail = reverse("segments:detail", args=[segment.pk])
    assert "Mail these people" in client.get(detail).content.decode()
    client.post(reverse("segments:archive", args=[segment.pk]))
    assert "Mail these people" not in client.get(detail).content.decode()


def test_the_live_panel_names_the_condition_that_is_not_finished(
    client: Client, now: datetime
) -> None:
    made = populate(7, now)
    one = {"criterion": "label", "label": made.labels[0]}
    rule = {"all": [one, {"any": [one, {"criterion": "label"}, {"criterion": "label"}]}]}
    shown = client.post(reverse("segments:preview"), posted(rule)).content.decode()
    assert "Condition 3: Something is still missing: Label." in shown
    assert "Condition 4: Something is still missing: Label." in shown


def test_one_person_is_counted_as_one(client: Client, now: datetime) -> None:
    populate(8, now, size=1)
    rule = {"all": [{"everyone": True}]}
    shown = client.post(
        reverse("segments:preview"), posted(rule), headers={"HX-Request": "true"}
    ).content.decode()
    assert "1 person<" in shown
    assert "<span>person</span>" in shown
    assert "1 people" not in shown


def test_a_viewer_sees_but_does_not_change(client: Client, cast: Cast, now: datetime) -> None:
    segment = actions.create_segment("All", {"everyone": True}, now=now, actor=cast.actor)
    client.force_login(cast.vera)
    assert client.get(reverse("segments:detail", args=[segment.pk])).status_code == 200
    assert client.get(reverse("segments:new")).status_code == 403
    assert client.post(reverse("segments:archive", args=[segment.pk])).status_code == 403
