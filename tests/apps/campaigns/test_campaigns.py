"""Campaigns against the real database: audience, type, launch, schedule, switches."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.test import Client

from sincerely.apps.campaigns import actions, queries, tasks
from sincerely.apps.campaigns.actions.launch import NotReady
from sincerely.apps.campaigns.models import Campaign
from sincerely.apps.campaigns.rules.schedule import Local, Now
from sincerely.apps.campaigns.rules.stages import WrongStage
from sincerely.apps.consent.models import SubscriptionType
from sincerely.apps.contacts.models import Contact
from sincerely.apps.sending.models import Message
from sincerely.apps.sending.queries import tally
from sincerely.apps.team.models import AuditEntry
from tests.apps.campaigns.desk import STOP, draft, launch, put_on_list, run
from tests.apps.sending.people import add_contact, add_opt_out, marketing, opted_in
from tests.cast import Cast

pytestmark = pytest.mark.django_db


def choose(campaign: Campaign, cast: Cast, *, now: datetime, **audience: object) -> None:
    actions.set_audience(campaign.pk, audience=audience, now=now, actor=cast.actor)


@pytest.mark.requirement("R060")
def test_in_two_lists_one_copy_and_every_exclusion_has_a_reason(cast: Cast, now: datetime) -> None:
    people = opted_in(6, now=now, kind=marketing(now))
    stranger = add_contact("stranger@example.com", now=now)
    add_opt_out(people[5], now=now)
    first = put_on_list("First", [*people[:4], people[5]], now=now)
    second = put_on_list("Second", [*people[2:5], stranger], now=now)
    without = put_on_list("Without", [people[4]], now=now)
    campaign = draft(cast, now=now)
    choose(
        campaign,
        cast,
        now=now,
        include=[{"list": first.pk}, {"list": second.pk}],
        exclude=[{"list": without.pk}],
    )
    estimate = queries.audience_estimate(
        Campaign.objects.get(pk=campaign.pk).audience,
        subscription_type_id=campaign.subscription_type_id,
        now=now,
    )
    launch(campaign, cast, now=now)
    counted = tally(campaign.mailing_id)
    assert estimate == {"": 4, "no_permission": 1, "opted_out_all": 1, "excluded": 1}
    assert counted.by_state == {"planned": 4, "skipped": 2}
    assert counted.by_reason == {"no_permission": 1, "opted_out_all": 1}
    assert counted.audience_count == 6
    assert Message.objects.filter(mailing=campaign.mailing, contact=people[2]).count() == 1
    assert not Message.objects.filter(mailing=campaign.mailing, contact=people[4]).exists()


@pytest.mark.requirement("R062")
def test_another_type_than_they_agreed_to_reaches_nobody_and_theirs_is_proposed(
    cast: Cast, now: datetime
) -> None:
    marketing(now)
    newsletter = SubscriptionType.objects.create(name="Newsletter", created_at=now)
    events = SubscriptionType.objects.create(name="Events", created_at=now)
    opted_in(5, now=now, kind=newsletter)
    campaign = draft(cast, now=now)
    choose(campaign, cast, now=now, include=[{"everyone": True}], exclude=[])
    campaign = actions.change_envelope(
        campaign.pk, changes={"subscription_type_id": events.pk}, now=now, actor=cast.actor
    )
    estimate = queries.audience_estimate(campaign.audience, subscription_type_id=events.pk, now=now)
    fit = queries.type_fit(campaign.audience, subscription_type_id=events.pk, now=now)
    assert estimate.get("", 0) == 0
    assert sum(estimate.values()) == 5
    assert fit is not None
    assert (fit.permitted_count, fit.proposed_type_id, fit.is_mixed) == (0, newsletter.pk, False)


@pytest.mark.requirement("R063")
def test_a_mixed_audience_is_offered_the_default_with_the_caveat_and_it_is_recorded(
    cast: Cast, now: datetime
) -> None:
    default = marketing(now)
    newsletter = SubscriptionType.objects.create(name="Newsletter", created_at=now)
    events = SubscriptionType.objects.create(name="Events", created_at=now)
    opted_in(3, now=now, kind=newsletter)
    opted_in(3, now=now, kind=events)
    campaign = draft(cast, now=now)
    choose(campaign, cast, now=now, include=[{"everyone": True}], exclude=[])
    actions.change_envelope(
        campaign.pk, changes={"subscription_type_id": events.pk}, now=now, actor=cast.actor
    )
    browser = Client()
    browser.force_login(cast.bob)
    page = browser.get(f"/mail/campaigns/{campaign.pk}/people/").content.decode()
    assert "legal adviser" in page
    assert f"Use “{default.name}”" in page
    browser.post(f"/mail/campaigns/{campaign.pk}/people/type/", {"type": default.pk})
    assert Campaign.objects.get(pk=campaign.pk).subscription_type_id == default.pk
    entry = AuditEntry.objects.filter(act="campaign.changed").latest("pk")
    assert entry.member_id == cast.bob.pk
    assert entry.detail["fields"] == ["subscription_type_id"]
    estimate = queries.audience_estimate(
        Campaign.objects.get(pk=campaign.pk).audience,
        subscription_type_id=default.pk,
        now=now,
    )
    assert estimate == {"no_permission": 6}


def test_a_launch_waits_a_minute_and_can_be_stopped(cast: Cast, now: datetime) -> None:
    opted_in(2, now=now, kind=marketing(now))
    campaign = draft(cast, now=now)
    choose(campaign, cast, now=now, include=[{"everyone": True}], exclude=[])
    actions.launch_campaign(campaign.pk, schedule=Now(), now=now, actor=cast.actor)
    run(now + timedelta(seconds=59))
    assert not Message.objects.exists()
    actions.stop_launch(campaign.pk, now=now + timedelta(seconds=59), actor=cast.actor)
    run(now + timedelta(seconds=61))
    assert not Message.objects.exists()
    assert Campaign.objects.get(pk=campaign.pk).stage == "draft"


def test_the_walls_stop_a_launch_and_say_why(cast: Cast, now: datetime) -> None:
    campaign = draft(cast, now=now)
    with pytest.raises(NotReady) as refused:
        actions.launch_campaign(campaign.pk, schedule=Now(), now=now, actor=cast.actor)
    assert [wall.code for wall in refused.value.walls] == ["no_audience"]
    choose(campaign, cast, now=now, include=[{"list": 999_999}], exclude=[])
    with pytest.raises(NotReady) as refused:
        actions.launch_campaign(campaign.pk, schedule=Now(), now=now, actor=cast.actor)
    assert [wall.code for wall in refused.value.walls] == ["audience"]


@pytest.mark.requirement("R061")
def test_at_nine_on_each_contacts_own_clock(cast: Cast, now: datetime) -> None:
    kind = marketing(now)
    people = opted_in(3, now=now, kind=kind)
    for contact, zone in zip(people, ("America/New_York", "Asia/Kolkata", ""), strict=True):
        Contact.objects.filter(pk=contact.pk).update(time_zone=zone)
    campaign = draft(cast, now=now)
    choose(campaign, cast, now=now, include=[{"everyone": True}], exclude=[])
    launch(campaign, cast, now=now, schedule=Local(date(2026, 6, 16), time(9)))
    run(datetime(2026, 6, 15, 19, 0, tzinfo=UTC))
    due = dict(Message.objects.values_list("contact_id", "due_at"))
    assert due == {
        people[0].pk: datetime(2026, 6, 16, 13, 0, tzinfo=UTC),
        people[1].pk: datetime(2026, 6, 16, 3, 30, tzinfo=UTC),
        people[2].pk: datetime(2026, 6, 16, 7, 0, tzinfo=UTC),
    }


@pytest.mark.requirement("R061")
def test_cancelling_ends_what_waits_and_nothing_is_planned_afterwards(
    cast: Cast, now: datetime
) -> None:
    opted_in(4, now=now, kind=marketing(now))
    campaign = draft(cast, now=now)
    choose(campaign, cast, now=now, include=[{"everyone": True}], exclude=[])
    launch(campaign, cast, now=now)
    assert actions.cancel_campaign(campaign.pk, now=now, actor=cast.actor) == 4
    assert tally(campaign.mailing_id).by_state == {"cancelled": 4}
    with pytest.raises(WrongStage):
        actions.resume_campaign(campaign.pk, now=now, actor=cast.actor)


def test_a_copy_has_the_envelope_and_audience_but_no_past(cast: Cast, now: datetime) -> None:
    opted_in(1, now=now, kind=marketing(now))
    campaign = draft(cast, now=now)
    choose(campaign, cast, now=now, include=[{"everyone": True}], exclude=[])
    launch(campaign, cast, now=now)
    copy = actions.duplicate_campaign(campaign.pk, name="July", now=now, actor=cast.actor)
    assert copy.audience == {"include": [{"everyone": True}], "exclude": []}
    assert (copy.stage, copy.launched_at) == ("draft", None)
    assert copy.content_id != campaign.content_id
    assert tally(copy.mailing_id).audience_count == 0


def test_a_cancel_that_a_crash_cut_short_is_finished_by_the_runner(
    cast: Cast, now: datetime
) -> None:
    opted_in(3, now=now, kind=marketing(now))
    campaign = draft(cast, now=now)
    choose(campaign, cast, now=now, include=[{"everyone": True}], exclude=[])
    launch(campaign, cast, now=now)
    Campaign.objects.filter(pk=campaign.pk).update(stage="cancelled")
    tasks.finish_cancels(now=now, owner="test", stop=STOP)
    assert tally(campaign.mailing_id).by_state == {"cancelled": 3}
