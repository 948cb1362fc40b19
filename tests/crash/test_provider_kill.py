"""A sender killed while a provider's API takes mail: at most once, and all unknown ones listed."""

from __future__ import annotations

import time
from collections import Counter
from datetime import datetime

import pytest
from django.test import Client

from sincerely.apps.sending.models import Dispatch, Message
from sincerely.apps.sending.queries import is_finished, tally
from tests.apps.sending import people
from tests.cast import Cast
from tests.crash.nursery import Nursery
from tests.crash.provider_double import INACTIVE, Provider, account, provider
from tests.crash.scale import goals, seeded, sized, write_down
from tests.crash.test_sender_kill import campaign_of
from tests.engines.sending_world import mailing_to, sending, until

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.engines,
    pytest.mark.timeout(7_200),
]
CONNECTIONS = 4
# What a provider answers, and what must follow.
FOLLOWS = {
    "inactive": ((422, INACTIVE), "failed"),
    "refused": ((400, "{}"), "failed"),
    "busy": ((429, "{}"), "deferred"),
    "broken": ((500, "{}"), "deferred"),
    "gateway": ((504, "{}"), "unknown"),
    "not-json": ((200, "<html>"), "unknown"),
    "silent": ((0, ""), "unknown"),
}


def _mailing(there: Provider, count: int, cast: Cast, *, now: datetime) -> Dispatch:
    people.opted_in(count, now=now, kind=people.marketing(now))
    transport = account(there, cast, now=now, connections=CONNECTIONS)
    return mailing_to(people.EVERYBODY, cast, transport, now=now)


def test_killed_while_a_provider_takes_mail(cast: Cast, now: datetime, nursery: Nursery) -> None:
    chance = seeded(4)
    kills, count = sized(2, 50, 200), sized(60, 3_000, 12_000)
    with provider(Provider()) as there:
        mailing = _mailing(there, count, cast, now=now)
        for goal in goals(kills, count, connections=CONNECTIONS):
            there.delay_seconds = chance.choice((0.0, 0.01, 0.05))
            with nursery.running("sender"):
                until(lambda goal=goal: len(there.asked) >= goal, seconds=120)  # type: ignore[misc]
                time.sleep(chance.random() * 0.05)
        there.delay_seconds = 0.0
        with nursery.running("sender"):
            until(lambda: is_finished(mailing.pk), seconds=600)
    states = dict(Message.objects.values_list("contact__address", "state"))
    assert len(states) == count
    assert set(states.values()) <= {"accepted", "unknown"}
    assert max(Counter(there.asked).values()) == 1, "a provider was given somebody's mail twice"
    unknown = {address for address, state in states.items() if state == "unknown"}
    assert set(states) - set(there.taken) <= unknown, "somebody is missing and not listed"
    assert len(unknown) <= kills * CONNECTIONS
    _judge_page(mailing, unknown, cast, now=now)
    write_down(
        1,
        "SIGKILL of the sender, a provider's API",
        done=count,
        kills=kills,
        lost=0,
        twice=0,
        unknown=len(unknown),
    )


def _judge_page(mailing: Dispatch, unknown: set[str], cast: Cast, *, now: datetime) -> None:
    """The campaign's report lists who is unknown, page after page."""
    campaign, browser = campaign_of(mailing, cast, now=now), Client()
    browser.force_login(cast.alice)
    who = f"/reports/campaigns/{campaign.pk}/recipients/?state=unknown"
    page = browser.get(who).content.decode()
    listed = {address for address in unknown if address in page}
    assert bool(listed) == bool(unknown)
    assert len(listed) == len(unknown) or len(unknown) > 30, "only a long list has pages"


def test_each_answer_of_a_provider_has_its_end(cast: Cast, now: datetime) -> None:
    """Who gave an answer that says nothing about the mail is unknown, and not asked again."""
    kinds = list(FOLLOWS)
    each = sized(2, 40, 400)
    wanted: dict[str, str] = {}

    def answer(recipient: str) -> tuple[int, str]:
        return FOLLOWS[wanted[recipient]][0] if recipient in wanted else whole(recipient)

    with provider(Provider()) as there:
        whole, there.answer = there.answer, answer
        count = each * (len(kinds) + 1)
        mailing = _mailing(there, count, cast, now=now)
        addresses = list(Message.objects.order_by("pk").values_list("contact__address", flat=True))
        wanted |= dict(zip(addresses, kinds * each, strict=False))
        with sending():
            until(lambda: not {"planned", "claimed", "dialling"} & set(tally(mailing.pk).by_state))
        found = dict(Message.objects.values_list("contact__address", "state"))
        assert found == {to: FOLLOWS[wanted[to]][1] if to in wanted else "accepted" for to in found}
        later = {to for to, state in found.items() if state == "deferred"}
        wanted.clear()
        Message.objects.filter(state="deferred").update(due_at=now)
        with sending():
            until(lambda: is_finished(mailing.pk))
    assert Counter(there.asked) == Counter(addresses) + Counter(later)
    unknown = sum(state == "unknown" for state in found.values())
    write_down(2, "a provider's answers", done=count, kills=0, lost=0, twice=0, unknown=unknown)
