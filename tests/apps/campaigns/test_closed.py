"""From the button on a mail is closed: nobody changes what others have approved."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import pytest
from django.test import Client

from sincerely.apps.campaigns import actions, tasks
from sincerely.apps.campaigns.models import Campaign, Stage
from sincerely.apps.campaigns.rules.schedule import At, Now
from sincerely.apps.content.actions.editing import DraftClosed, EditConflict, save_draft
from sincerely.apps.content.models import Content
from sincerely.apps.team.rules import Capability
from tests.api.test_frame import call, key_for
from tests.apps.campaigns.desk import STOP, draft, put_on_list
from tests.apps.sending.people import marketing, opted_in
from tests.cast import Cast


@pytest.fixture
def scheduled(cast: Cast, now: datetime) -> Campaign:
    """Scheduled for tomorrow."""
    campaign = ready(cast, now)
    tomorrow = At(now + timedelta(days=1))
    return actions.launch_campaign(campaign.pk, schedule=tomorrow, now=now, actor=cast.actor)


def ready(cast: Cast, now: datetime) -> Campaign:
    friends = put_on_list("Friends", opted_in(2, now=now, kind=marketing(now)), now=now)
    audience = {"include": [{"list": friends.pk}], "exclude": []}
    campaign = draft(cast, now=now)
    return actions.set_audience(campaign.pk, audience=audience, now=now, actor=cast.actor)


def words_of(client: Client) -> str:
    return client.get("/settings/me/").content.decode()


def test_a_tab_left_open_changes_nothing_that_is_scheduled(
    scheduled: Campaign, cast: Cast, client: Client
) -> None:
    client.force_login(cast.bob)
    mail = Content.objects.get(pk=scheduled.content_id)
    body = {"revision": mail.revision, "changes": {"subject": "Quite another"}}
    path = f"/mail/content/{mail.pk}"
    answer = client.put(f"{path}/save/", json.dumps(body), content_type="application/json")
    assert answer.status_code == 422
    assert "Stop the campaign first" in answer.json()["problems"][0]["message"]
    form = {"revision": mail.revision, "subject": "Quite another", "preheader": ""}
    answer = client.post(f"{path}/edit/", form)
    assert answer.status_code == 409
    assert "Stop the campaign first" in answer.content.decode()
    client.post(f"{path}/links/review/")
    assert "Stop the campaign first" in words_of(client)
    answer = call(
        "patch",
        f"/api/v1/content/{mail.pk}",
        {"revision": mail.revision, "subject": "Quite another"},
        **key_for(cast, Capability.EDIT_CONTENT),
    )
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "conflict")
    assert Content.objects.get(pk=mail.pk).subject == mail.subject


def test_stopped_it_can_be_changed_again_and_a_copy_at_once(
    scheduled: Campaign, cast: Cast, now: datetime
) -> None:
    copy = actions.duplicate_campaign(scheduled.pk, name="June 2", now=now, actor=cast.actor)
    for campaign in (copy, actions.stop_launch(scheduled.pk, now=now, actor=cast.actor)):
        content = Content.objects.get(pk=campaign.content_id)
        changed = save_draft(
            content.pk,
            base_revision=content.revision,
            changes={"subject": "Better"},
            now=now,
            actor=cast.actor,
        )
        assert changed.subject == "Better"


def test_a_change_during_the_look_at_it_stops_the_launch(
    cast: Cast, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign = ready(cast, now)
    look = actions.launch.readiness

    def look_and_change(campaign_id: int, *, now: datetime) -> object:
        facts = look(campaign_id, now=now)
        changes = {"subject": "{{ contact.first_name"}
        save_draft(
            campaign.content_id,
            base_revision=facts.revision,
            changes=changes,
            now=now,
            actor=cast.actor,
        )
        return facts

    monkeypatch.setattr(actions.launch, "readiness", look_and_change)
    with pytest.raises(EditConflict):
        actions.launch_campaign(campaign.pk, schedule=Now(), now=now, actor=cast.actor)
    campaign.refresh_from_db()
    assert campaign.stage == Stage.DRAFT


def test_forms_of_a_campaign_that_moved_on_say_so(
    scheduled: Campaign, cast: Cast, client: Client
) -> None:
    client.force_login(cast.bob)
    path = f"/mail/campaigns/{scheduled.pk}/"
    kind = scheduled.subscription_type_id
    for form, given in (("people/", {"include": "everyone:1"}), ("people/type/", {"type": kind})):
        assert client.post(path + form, given).status_code == 302
        assert "nothing of this was saved" in words_of(client), form
    before = scheduled.audience
    scheduled.refresh_from_db()
    assert scheduled.audience == before


def test_one_that_cannot_be_made_keeps_no_other_waiting(
    scheduled: Campaign, cast: Cast, now: datetime
) -> None:
    Content.objects.filter(pk=scheduled.content_id).update(subject="{{ contact.first_name")
    other = draft(cast, now=now)
    actions.set_audience(other.pk, audience=scheduled.audience, now=now, actor=cast.actor)
    actions.launch_campaign(other.pk, schedule=Now(), now=now, actor=cast.actor)
    later = now + timedelta(days=2)
    while tasks.launch_due(now=later, owner="test", stop=STOP):
        pass
    stages = dict(Campaign.objects.values_list("pk", "stage"))
    assert stages == {scheduled.pk: Stage.DRAFT, other.pk: Stage.LAUNCHED}


def test_a_campaign_scheduled_anew_waits_for_its_new_time(
    scheduled: Campaign, cast: Cast, now: datetime
) -> None:
    assert not actions.begin_mailing(scheduled.pk, now=now)
    assert actions.begin_mailing(scheduled.pk, now=now + timedelta(days=1))
    scheduled.refresh_from_db()
    with pytest.raises(DraftClosed):
        save_draft(scheduled.content_id, base_revision=1, changes={}, now=now, actor=cast.actor)
