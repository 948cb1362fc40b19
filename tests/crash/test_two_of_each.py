"""Two senders, two runners and two folders on one database: nothing is done twice."""

from __future__ import annotations

import random
import threading
from collections import Counter, deque
from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from django.db import close_old_connections, connection

from sincerely.apps.campaigns import actions
from sincerely.apps.campaigns.models import Campaign
from sincerely.apps.campaigns.rules.schedule import Now
from sincerely.apps.contacts.models import Contact, ContactList
from sincerely.apps.engagement.models import Event, Signal
from sincerely.apps.engagement.queries.rebuilt import contact_slices, differences
from sincerely.apps.engagement.queries.watermarks import CAPTURE, position
from sincerely.apps.sending.models import Attempt, Message
from sincerely.apps.sending.queries import is_finished, tally
from sincerely.wire import clock
from sincerely.wire.capture import CLICK, OPEN, Capture, Store
from tests.apps.campaigns import desk
from tests.apps.sending import people
from tests.cast import Cast
from tests.crash.nursery import Nursery
from tests.crash.scale import seeded, sized, write_down
from tests.engines.sending_world import Server, serving, until

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.engines,
    pytest.mark.timeout(14_400),
]
PEOPLE, AT_ONCE = 12, 16


def test_nothing_is_done_twice(
    cast: Cast, now: datetime, nursery: Nursery, captures: Store
) -> None:
    """Each round launches two campaigns at once, to two lists that overlap, and people click.

    Some rounds are under way at any time: an engine that has nothing to do sleeps for a while.
    """
    chance = seeded(3)
    under_way: deque[list[Campaign]] = deque()
    rounds = sized(2, 40, 1_000)
    people.opted_in(PEOPLE, now=now, kind=people.marketing(now))
    # A recording server where the engines expect the test mailbox.
    all_six = ("sender", "runner", "folder") * 2
    with serving(Server(port=nursery.mailbox_port)) as server, nursery.running(*all_six):
        for number in range(rounds + AT_ONCE):
            if number < rounds:
                under_way.append(_launched(cast, now=clock.now()))
            if number >= AT_ONCE:
                launched = under_way.popleft()
                until(lambda these=launched: _all_finished(these), seconds=300)  # type: ignore[misc]
                _clicks(captures, launched, chance)
        until(lambda: _is_folded(captures), seconds=300)
    sent = 2 * rounds * PEOPLE
    assert Counter(Counter(_by_mailing(server)).values()) == {1: sent}
    assert Counter(Counter(Attempt.objects.values_list("message_id", flat=True)).values()) == {
        1: sent
    }
    assert not Message.objects.exclude(state="accepted").exists()
    _judge_fold(sent)
    write_down(
        3,
        "two senders, two runners, two folders",
        done=sent,
        kills=0,
        lost=0,
        twice=0,
        unknown=0,
        rounds=rounds,
        signals=Signal.objects.count(),
    )


def _launched(cast: Cast, *, now: datetime) -> list[Campaign]:
    """Two campaigns at the same moment, each to two lists that share half of their people."""
    everybody = list(Contact.objects.order_by("id"))
    number = ContactList.objects.count()
    lists = [
        desk.put_on_list(f"First {number}", everybody[: PEOPLE * 3 // 4], now=now),
        desk.put_on_list(f"Second {number}", everybody[PEOPLE // 4 :], now=now),
    ]
    campaigns = []
    for _ in range(2):
        campaign = desk.draft(cast, now=now)
        audience = {"include": [{"list": one.pk} for one in lists], "exclude": []}
        actions.set_audience(campaign.pk, audience=audience, now=now, actor=cast.actor)
        campaigns.append(campaign)
    _at_once([lambda c=c: _launch(c, cast, now=now) for c in campaigns])  # type: ignore[misc]
    return campaigns


def _launch(campaign: Campaign, cast: Cast, *, now: datetime) -> None:
    actions.launch_campaign(
        campaign.pk, schedule=Now(), now=now, actor=cast.actor, grace=timedelta(0)
    )


def _at_once(deeds: Sequence[object]) -> None:
    def do(deed: object) -> None:
        try:
            deed()  # type: ignore[operator]
        finally:
            connection.close()

    threads = [threading.Thread(target=do, args=(deed,)) for deed in deeds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    close_old_connections()


def _all_finished(campaigns: Sequence[Campaign]) -> bool:
    return all(
        tally(campaign.mailing_id).audience_count == PEOPLE and is_finished(campaign.mailing_id)
        for campaign in campaigns
    )


def _clicks(store: Store, campaigns: Sequence[Campaign], chance: random.Random) -> None:
    """Half of the readers open, some click."""
    at_us = int(clock.now().timestamp() * 1_000_000)
    mailings = [campaign.mailing_id for campaign in campaigns]
    store.append(
        [
            Capture(
                at_us + number,
                chance.choice((OPEN, CLICK)),
                message.mailing_id,
                message.pk,
                bytes(message.nonce),
                link_number=1,
                ip="198.51.100.7",
                user_agent="Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko Firefox/140.0",
            )
            for number, message in enumerate(Message.objects.filter(mailing_id__in=mailings))
            if chance.random() < 0.6
        ]
    )


def _is_folded(store: Store) -> bool:
    sent = Event.objects.filter(kind="delivered").count()
    return position(CAPTURE) >= store.last_id() and sent == Attempt.objects.count()


def _by_mailing(server: Server) -> list[tuple[str, str]]:
    """Each mail that arrived, as its reader and its Message-ID."""
    return [
        (to, raw.partition(b"Message-ID: ")[2].partition(b"\r\n")[0].decode())
        for to, raw in server.kept
    ]


def _judge_fold(sent: int) -> None:
    captured = list(Signal.objects.values_list("capture_id", flat=True))
    assert len(captured) == len(set(captured))
    assert Event.objects.filter(kind="sent").count() == sent
    assert [d for ids in contact_slices() for d in differences(ids)] == []
