"""A campaign on its way shows how fast it goes and how long it still takes, or why it waits."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from sincerely.apps.campaigns import actions
from sincerely.apps.campaigns.models import Campaign
from sincerely.apps.operation.models import Heartbeat
from sincerely.apps.sending.actions import place_hold
from sincerely.apps.sending.actions.limits import set_restraint
from sincerely.apps.sending.actions.outbox import note_trouble
from sincerely.apps.sending.models import Dispatch, Message
from sincerely.apps.sending.rules.quiet import Quiet
from tests.apps.campaigns import desk
from tests.apps.sending.people import marketing, opted_in
from tests.apps.sending.turning import turn
from tests.cast import Cast

pytestmark = pytest.mark.django_db
LATER = timedelta(seconds=20)


@pytest.fixture
def campaign(cast: Cast, now: datetime) -> Campaign:
    """On its way to 90 people, of whom 50 have it."""
    opted_in(90, now=now, kind=marketing(now))
    campaign = desk.draft(cast, now=now)
    everyone: dict[str, Any] = {"include": [{"everyone": True}], "exclude": []}
    actions.set_audience(campaign.pk, audience=everyone, now=now, actor=cast.actor)
    desk.launch(campaign, cast, now=now)
    turn(Dispatch.objects.get(pk=campaign.mailing_id), now)
    beat(now + LATER)
    return campaign


def beat(at: datetime) -> None:
    Heartbeat.objects.create(
        process="sender",
        host="here",
        process_id=1,
        started_at=at,
        seen_at=at,
        turned_at=at,
        memory_bytes=1,
    )


def shown(client: Client, cast: Cast, campaign: Campaign, at: datetime) -> str:
    """The moving part at a moment, as Bob sees it."""
    with time_machine.travel(at, tick=False):
        client.force_login(cast.bob)
        return client.get(f"/mail/campaigns/{campaign.pk}/send/progress/").content.decode()


def test_it_says_how_fast_and_how_long(
    cast: Cast, client: Client, campaign: Campaign, now: datetime
) -> None:
    page = shown(client, cast, campaign, now + LATER)
    assert "about 150 mails a minute" in page
    assert "about 16 seconds left" in page
    assert "15 Jun 2026, 14:00" in page, "when it was started, on Bob's clock"
    Message.objects.filter(state="planned").update(due_at=now + timedelta(minutes=47))
    first = Message.objects.filter(state="planned").earliest("pk")
    Message.objects.filter(pk=first.pk).update(due_at=now)
    assert "about 45 minutes left" in shown(client, cast, campaign, now + LATER)
    Dispatch.objects.update(is_planned=False)
    page = shown(client, cast, campaign, now + LATER)
    assert "mails a minute" in page
    assert " left" not in page, "nobody knows yet how many are to come"


def test_it_says_nothing_while_too_little_is_known(
    cast: Cast, client: Client, campaign: Campaign, now: datetime
) -> None:
    assert "a minute" not in shown(client, cast, campaign, now + timedelta(seconds=5))
    desk.run(now)
    turn(Dispatch.objects.get(pk=campaign.mailing_id), now)
    page = shown(client, cast, campaign, now + LATER)
    assert "Everybody has been looked at" in page
    assert "a minute" not in page


@pytest.mark.parametrize("why", ["held", "paused", "quiet", "server"])
def test_what_keeps_it_stands_there_instead(
    cast: Cast, client: Client, campaign: Campaign, now: datetime, why: str
) -> None:
    dispatch = Dispatch.objects.get(pk=campaign.mailing_id)
    words = keep(why, dispatch, campaign, cast, now)
    page = shown(client, cast, campaign, now + LATER)
    assert words in page
    assert "a minute" not in page
    assert "about" not in page


def keep(why: str, dispatch: Dispatch, campaign: Campaign, cast: Cast, now: datetime) -> str:
    """Keep a campaign from leaving; return the words that its page has for it."""
    if why == "held":
        place_hold(mailing_id=dispatch.pk, reason="By Ann", placed_by="member", now=now)
        return "By Ann"
    if why == "paused":
        actions.pause_campaign(campaign.pk, now=now, actor=cast.actor)
        return "Resume"
    if why == "quiet":
        set_restraint([], quiet=Quiet(time(13), time(15)), now=now)
        turn(dispatch, now)
        return "quiet hours"
    note_trouble(dispatch.transport_id, "The server did not answer.", now=now)
    return "The server did not answer."
