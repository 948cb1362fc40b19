"""SIGKILL of the sender in the middle, again and again: nobody twice, nobody lost, all listed."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Sequence
from datetime import datetime

import pytest
from django.test import Client

from sincerely.apps.campaigns.models import Campaign, Stage
from sincerely.apps.sending.models import Dispatch, Message
from sincerely.apps.sending.queries import is_finished, tally
from sincerely.apps.sending.rules.message_id import read_message_id
from sincerely.wire import clock
from tests.apps.campaigns import desk
from tests.apps.sending import people
from tests.cast import Cast
from tests.crash.nursery import Nursery
from tests.crash.scale import goals, seeded, sized, write_down
from tests.engines.sending_world import Server, mailing_to, planned, relay, serving, until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.engines]
CONNECTIONS = 4
ASKED = re.compile(r"Of \d+ messages? nobody can know whether \w+ arrived")


@pytest.mark.timeout(7_200)
@pytest.mark.requirement("R061")
def test_killed_and_started_again(cast: Cast, now: datetime, nursery: Nursery) -> None:
    """Kills fall while starting, claiming, handing over, and anywhere between."""
    chance = seeded(7)
    mailing_count, kills = sized(3, 10, 100), sized(6, 100, 1_000)
    each = sized(300, 10_000, 100_000) // mailing_count
    all_count = mailing_count * each
    server = Server()
    with serving(server):
        mailings = _mailings(cast, server, mailing_count, each=each, now=now)
        for goal in goals(kills, all_count, connections=CONNECTIONS):
            server.delay_seconds = chance.choice((0.0, 0.001, 0.02))
            with nursery.running("sender"):
                if chance.random() < 0.9:
                    until(lambda goal=goal: len(server.content_began) >= goal, seconds=120)  # type: ignore[misc]
                time.sleep(chance.random() * 0.05)
        server.delay_seconds = 0.0
        with nursery.running("sender"):
            until(lambda: all(is_finished(mailing.pk) for mailing in mailings), seconds=300)
    unknown = _judge(server, mailings, each)
    assert unknown <= kills * CONNECTIONS
    write_down(
        1, "SIGKILL of the sender", done=all_count, kills=kills, lost=0, twice=0, unknown=unknown
    )


def _mailings(
    cast: Cast, server: Server, count: int, *, each: int, now: datetime
) -> list[Dispatch]:
    """That many mailings over one transport, each to people of its own."""
    transport = relay(server, cast, now=now, connections=CONNECTIONS)
    kind = people.marketing(now)
    audiences = [people.opted_in(each, now=now, kind=kind) for _ in range(count)]
    return [
        mailing_to(people.between(some[0], some[-1]), cast, transport, now=now)
        for some in audiences
    ]


def _judge(server: Server, mailings: Sequence[Dispatch], each: int) -> int:
    """Compare the server's ledger with ours; return how many are unknown."""
    began = Counter(server.content_began)
    assert max(began.values()) == 1, "somebody was sent content twice"
    unknown = 0
    for mailing in mailings:
        found = tally(mailing.pk).by_state
        assert set(found) <= {"accepted", "unknown"}
        assert sum(found.values()) == each
        unknown += found.get("unknown", 0)
    arrived = {recipient for recipient, _ in server.kept}
    for state, has_arrived in (("accepted", {True}), ("unknown", {True, False})):
        addresses = Message.objects.filter(state=state).values_list("contact__address", flat=True)
        assert {address in arrived for address in addresses} <= has_arrived
    return unknown


def test_transactional_mail_is_repeated_under_the_same_number(
    cast: Cast, now: datetime, nursery: Nursery
) -> None:
    server = Server(delay_seconds=0.3)
    with serving(server):
        dispatch = planned(cast, server, 6, now=now, tag="transactional", connections=2)
        with nursery.running("sender"):
            until(lambda: len(server.content_began) >= 1, seconds=120)
        with nursery.running("sender"):
            until(lambda: is_finished(dispatch.pk), seconds=120)
    assert tally(dispatch.pk).by_state == {"accepted": 6}
    assert {recipient for recipient, _ in server.kept} == set(
        Message.objects.values_list("contact__address", flat=True)
    )
    numbers = Counter(_number(raw) for _, raw in server.kept)
    assert len(numbers) == 6


def _number(raw: bytes) -> tuple[int, bytes] | None:
    return read_message_id(raw.decode("utf-8", "replace"))


@pytest.mark.requirement("R061")
def test_the_page_lists_the_unknown_ones_and_a_member_decides(
    cast: Cast, now: datetime, nursery: Nursery
) -> None:
    server = Server(delay_seconds=5)
    with serving(server):
        dispatch = planned(cast, server, 8, now=now, connections=2)
        with nursery.running("sender"):
            until(lambda: len(server.content_began) == 2, seconds=120)
        server.delay_seconds = 0
        with nursery.running("sender"):
            until(lambda: is_finished(dispatch.pk), seconds=120)
        assert tally(dispatch.pk).by_state == {"accepted": 6, "unknown": 2}
        campaign, browser = campaign_of(dispatch, cast, now=now), Client()
        browser.force_login(cast.alice)
        assert _asks(browser, campaign) == {"Of 2 messages nobody can know whether they arrived"}
        who = f"/reports/campaigns/{campaign.pk}/recipients/?state=unknown"
        assert who in browser.get(f"/mail/campaigns/{campaign.pk}/send/").content.decode()
        listed = browser.get(who)
        unknown = set(server.content_began[:2])
        assert all(address in listed.content.decode() for address in unknown)
        choice = f"/mail/campaigns/{campaign.pk}/unknown/"
        browser.post(f"{choice}leave/")
        assert tally(dispatch.pk).by_state == {"accepted": 6, "unknown": 2}
        assert _asks(browser, campaign) == {""}, "it was decided"
        one = Message.objects.filter(state="unknown")[:1].values("pk")
        Message.objects.filter(pk__in=one).update(finished_at=clock.now())
        assert _asks(browser, campaign) == {"Of 1 message nobody can know whether it arrived"}
        browser.post(f"{choice}repeat/")
        with nursery.running("sender"):
            until(lambda: is_finished(dispatch.pk), seconds=120)
    assert tally(dispatch.pk).by_state == {"accepted": 8}
    assert {recipient for recipient, _ in server.kept[-2:]} == unknown
    assert len({_number(raw) for _, raw in server.kept}) == 8, "a repeat has its first number"


def _asks(browser: Client, campaign: Campaign) -> set[str]:
    """What the campaign's page and its report ask of a member; '' for nothing."""
    pages = (f"/mail/campaigns/{campaign.pk}/send/", f"/reports/campaigns/{campaign.pk}/")
    found = [ASKED.search(browser.get(page).content.decode()) for page in pages]
    return {each.group() if each else "" for each in found}


def campaign_of(dispatch: Dispatch, cast: Cast, *, now: datetime) -> Campaign:
    """A campaign around a mailing that was planned without one."""
    campaign = desk.draft(cast, now=now)
    Campaign.objects.filter(pk=campaign.pk).update(
        mailing_id=dispatch.pk, stage=Stage.LAUNCHED, launched_at=now
    )
    return campaign
