"""A campaign whose people have to wait: what its pages, its report and its estimate say."""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from sincerely.apps.campaigns import actions
from sincerely.apps.campaigns.queries import audience_estimate, would_wait
from sincerely.apps.contacts.models import Contact
from sincerely.apps.sending.actions import plan_slice
from sincerely.apps.sending.actions.limits import set_restraint
from sincerely.apps.sending.models import Dispatch, Message
from sincerely.apps.sending.rules.pressure import Limit
from sincerely.apps.sending.rules.quiet import Quiet
from sincerely.wire import clock
from tests.apps.campaigns import desk
from tests.apps.sending import people
from tests.apps.sending.turning import turn
from tests.cast import Cast

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
EVERYONE: dict[str, list[dict[str, Any]]] = {"include": [{"everyone": True}], "exclude": []}


@pytest.fixture(autouse=True)
def own_captures(settings: Any, tmp_path: Path) -> None:
    settings.CAPTURE_PATH = tmp_path / "capture.sqlite3"


@pytest.fixture
def four(now: datetime) -> list[Contact]:
    """Four who may be mailed, two of them had a mail an hour ago, one lives in Tokyo."""
    kind = people.marketing(now)
    found = people.opted_in(4, now=now, kind=kind)
    Contact.objects.filter(pk=found[3].pk).update(time_zone="Asia/Tokyo")
    return found


def mailed(cast: Cast, some: list[Contact], at: datetime) -> None:
    dispatch = people.add_dispatch(cast, now=at, kind=people.marketing(at))
    plan_slice(dispatch.pk, people.only(some), version_id=None, due_at=at, now=at)
    turn(dispatch, at)


def test_the_audience_step_says_who_would_have_to_wait(
    cast: Cast, client: Client, four: list[Contact], now: datetime
) -> None:
    mailed(cast, four[:2], now - HOUR)
    kind = people.marketing(now).pk
    wanted: Any = {"subscription_type_id": kind, "now": now}
    assert would_wait(EVERYONE, **wanted) == {}
    quiet = Quiet(time(20), time(9))
    set_restraint([Limit(most=1, days=7)], quiet=quiet, now=now - HOUR)
    assert audience_estimate(EVERYONE, **wanted) == {"": 4}
    assert would_wait(EVERYONE, **wanted) == {"capped": 2, "quiet_hours": 1}
    set_restraint([Limit(gap_hours=1), Limit(kind, most=2, days=7)], quiet=None, now=now - HOUR)
    assert would_wait(EVERYONE, **wanted) == {}
    set_restraint([Limit(kind, gap_hours=2)], quiet=None, now=now - HOUR)
    assert would_wait(EVERYONE, **wanted) == {"capped": 2}
    campaign = desk.draft(cast, now=now)
    actions.set_audience(campaign.pk, audience=EVERYONE, now=now, actor=cast.actor)
    client.force_login(cast.bob)
    Message.objects.update(finished_at=clock.now() - HOUR)
    Dispatch.objects.update(created_at=clock.now() - HOUR)
    page = client.get(f"/mail/campaigns/{campaign.pk}/people/").content.decode()
    assert "would wait: had enough mail lately" in page
    (place,) = re.findall(r'href="([^"]*/left-out/[^"]*)"', page)
    behind = client.get(unescape(place))
    assert behind.context["people"] == four[:2]
    assert "would wait: had enough mail lately" in behind.content.decode()


def test_patience_and_importance_travel_with_the_campaign(
    cast: Cast, client: Client, four: list[Contact], now: datetime
) -> None:
    campaign = desk.draft(cast, now=now)
    actions.set_audience(campaign.pk, audience=EVERYONE, now=now, actor=cast.actor)
    changes = {"patience_hours": 5, "priority": 1}
    actions.change_envelope(campaign.pk, changes=changes, now=now, actor=cast.actor)
    set_restraint([Limit(most=1, days=7)], quiet=None, now=now - 2 * HOUR)
    mailed(cast, four[:2], now - HOUR)
    desk.launch(campaign, cast, now=now)
    dispatch = Dispatch.objects.get(pk=campaign.mailing_id)
    assert (dispatch.priority, dispatch.patient_until) == (1, now + 5 * HOUR)
    turn(dispatch, now)
    states = Message.objects.filter(mailing_id=dispatch.pk).order_by("contact_id")
    assert [m.state for m in states] == ["refused", "refused", "accepted", "accepted"]
    client.force_login(cast.bob)
    report = client.get(f"/reports/campaigns/{campaign.pk}/").content.decode()
    assert "had enough mail lately" in report


def test_the_page_of_a_campaign_on_its_way_says_who_waits(
    cast: Cast, client: Client, four: list[Contact], now: datetime
) -> None:
    campaign = desk.draft(cast, now=now)
    actions.set_audience(campaign.pk, audience=EVERYONE, now=now, actor=cast.actor)
    set_restraint([], quiet=Quiet(time(20), time(9)), now=now - HOUR)
    desk.launch(campaign, cast, now=now)
    turn(Dispatch.objects.get(pk=campaign.mailing_id), now)
    client.force_login(cast.bob)
    page = client.get(f"/mail/campaigns/{campaign.pk}/send/").content.decode()
    assert "waits: quiet hours" in page
    asked: dict[str, Any] = {"who": four[3].address, "campaign": campaign.pk}
    why = client.get("/people/why/", asked).content.decode()
    assert "These are quiet hours for" in why
    assert "16 Jun 2026, 02:00" in why, "nine in Tokyo, on Alice's clock in Amsterdam"
