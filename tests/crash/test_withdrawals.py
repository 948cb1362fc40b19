"""Whoever leaves, is suppressed or bounces while mail is on its way gets no content any more.

The folder stands still meanwhile: a one-click unsubscribe counts from the tracker's answer on.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.test import Client

from sincerely.apps.consent.actions import suppress, withdraw
from sincerely.apps.consent.models import SubscriptionType
from sincerely.apps.consent.rules.proof import Proof
from sincerely.apps.engagement.rules.tokens import Purpose, mint
from sincerely.apps.sending.models import Message
from sincerely.apps.sending.queries import is_finished, tally
from sincerely.apps.team.rules import PROGRAM
from sincerely.wire.capture import UNSUBSCRIBE, Capture, Store
from tests.cast import Cast
from tests.crash.scale import seeded, sized, write_down
from tests.engines.sending_world import Server, planned, sending, serving, until

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.engines,
    pytest.mark.timeout(7_200),
]
GRACE_SECONDS = 1.0


@dataclass
class Leavers:
    """People who leave in some way at some moment, one after the other, in a thread of their own.

    `left_at` is the moment of each answer (the commit has happened), `had_dialled` whether the
    message had been granted when the withdrawal was written.
    """

    store: Store
    now: datetime
    chance: random.Random
    left_at: dict[str, float] = field(default_factory=dict)
    had_dialled: set[str] = field(default_factory=set)
    ways: dict[str, int] = field(default_factory=dict)

    def one_click(self, message: Message) -> None:
        """What the tracker stores before its HTTP 200."""
        at_us = int(self.now.timestamp() * 1_000_000)
        nonce = bytes(message.nonce)
        self.store.append([Capture(at_us, UNSUBSCRIBE, message.mailing_id, message.pk, nonce)])

    def page(self, message: Message) -> None:
        """The button on the contact's own page."""
        token = mint(
            settings.TOKEN_KEYS,
            Purpose.UNSUBSCRIBE,
            mailing_id=message.mailing_id,
            message_id=message.pk,
            nonce=bytes(message.nonce),
        )
        answer = Client().post(f"/p/unsubscribe/{token}", {"scope": "all"})
        assert answer.status_code == 302

    def by_hand(self, message: Message) -> None:
        """A member writes down a call."""
        withdraw(
            message.contact_id,
            subscription_type_id=SubscriptionType.objects.get(is_default=True).pk,
            channel="manual",
            now=self.now,
            actor=PROGRAM,
            proof=Proof(address=message.contact.address),
        )

    def bounce(self, message: Message) -> None:
        """Another mailing learns that the address is dead."""
        suppress(bytes(message.address_key), reason="hard_bounce", now=self.now)

    def block(self, message: Message) -> None:
        """A member suppresses the address."""
        suppress(bytes(message.address_key), reason="manual", now=self.now)

    def leave(self, message: Message) -> None:
        """Leave in one of these ways, and note the moment of the answer."""
        way: Callable[[Message], None] = self.chance.choice(
            (self.one_click, self.page, self.by_hand, self.bounce, self.block)
        )
        address = message.contact.address
        with transaction.atomic():
            message.refresh_from_db()
            way(message)
            if message.state == "dialling":
                self.had_dialled.add(address)
        self.left_at[address] = time.monotonic()
        self.ways[way.__name__] = self.ways.get(way.__name__, 0) + 1


@contextmanager
def leaving(leavers: Leavers, server: Server, count: int) -> Iterator[None]:
    """People leave all the while, those first who are next in the line."""
    failures: list[BaseException] = []

    def work() -> None:
        try:
            while len(leavers.left_at) < count and (message := _next(leavers, server)):
                leavers.leave(message)
                time.sleep(leavers.chance.random() * 0.01)
        except BaseException as error:  # noqa: BLE001 -- told to the test
            failures.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        thread.join(600)
        assert not failures, failures


def _next(leavers: Leavers, server: Server) -> Message | None:
    """Somebody who has not left: mostly one whose mail is rendered or about to leave."""
    states = leavers.chance.choice((["dialling"], ["claimed"], ["claimed"], ["planned"]))
    known = set(leavers.left_at)
    found = Message.objects.filter(state__in=states).select_related("contact").order_by("id")
    near = [m for m in found[:40] if m.contact.address not in known]
    if not near:
        found = Message.objects.filter(state__in=["planned", "claimed", "dialling"])
        near = [
            m
            for m in found.select_related("contact").order_by("id")
            if m.contact.address not in known
        ]
    return leavers.chance.choice(near[:8]) if near else None


@pytest.mark.requirement("R004")
@pytest.mark.parametrize("features", [("PIPELINING",), ("SIZE 1000000",)])
def test_nobody_gets_content_after_leaving(
    cast: Cast, now: datetime, captures: Store, features: tuple[str, ...]
) -> None:
    count = sized(150, 3_000, 15_000)
    goal = sized(60, 1_200, 5_000)
    server = Server(features=features, delay_seconds=0.01)
    leavers = Leavers(captures, now, seeded(len(features[0])))
    with serving(server):
        dispatch = planned(cast, server, count, now=now, connections=4)
        with sending():
            until(lambda: len(server.content_began) > 5)
            with leaving(leavers, server, goal):
                until(lambda: is_finished(dispatch.pk), seconds=3_600)
    late = {
        address: server.began_at[address] - left
        for address, left in leavers.left_at.items()
        if server.began_at.get(address, 0.0) > left
    }
    assert {address: s for address, s in late.items() if s > GRACE_SECONDS} == {}
    if connection.vendor == "sqlite":  # one writer at a time: who had not dialled never begins
        assert set(late) <= leavers.had_dialled
    found = tally(dispatch.pk).by_state
    assert found["accepted"] + found["refused"] == count
    assert found["refused"] >= len(set(leavers.left_at) - set(server.began_at))
    write_down(
        5,
        f"leaving while sending, {'pipelined' if features[0] == 'PIPELINING' else 'step by step'}",
        done=count,
        left=len(leavers.left_at),
        stopped=found["refused"],
        content_within_the_second=len(late),
        latest_ms=round(1_000 * max(late.values(), default=0)),
        content_after_it=0,
    )
