"""Single moments at which a sender could lose somebody or mail somebody twice or too late."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest

from sincerely.apps.contacts.models import Contact
from sincerely.apps.sending.models import Attempt, Message, Transport
from sincerely.apps.sending.queries import is_finished, tally
from sincerely.engines.sender import lane
from sincerely.engines.sender.recover import recover_from
from sincerely.wire import clock
from tests.apps.sending import people
from tests.cast import Cast
from tests.engines.sending_world import Server, planned, sending, serving, until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.engines]


def test_a_sender_that_was_taken_for_dead_hands_nothing_over_twice(
    cast: Cast, now: datetime
) -> None:
    """Its lock was lost, not its life: what another sender has claimed since is not its own."""
    with serving(Server(delay_seconds=0.02)) as server:
        dispatch = planned(cast, server, 120, now=now, connections=2)
        with sending():
            until(lambda: len(server.content_began) >= 5)
            claimed = Message.objects.filter(state="claimed")
            recover_from(str(claimed.values_list("claimed_by", flat=True)[0]), now=now)
            with sending():
                until(lambda: is_finished(dispatch.pk))
    assert max(Counter(server.content_began).values()) == 1
    found = tally(dispatch.pk).by_state
    assert found["accepted"] + found.get("unknown", 0) == 120
    assert found.get("unknown", 0) <= 2


def test_who_leaves_while_the_server_hesitates_gets_no_content(cast: Cast, now: datetime) -> None:
    """The server takes longer to invite the content than a permission is good for."""
    waiting: list[str] = []

    def pause(recipient: str) -> float:
        if recipient != people_left[0].address:
            return 0.0
        waiting.append(recipient)
        return 2.0

    with serving(Server(pause_before_content=pause)) as server:
        dispatch = planned(cast, server, 12, now=now, connections=1)
        people_left = list(Contact.objects.order_by("id")[4:5])
        with sending():
            until(lambda: bool(waiting))
            people.add_opt_out(people_left[0], now=now)
            until(lambda: is_finished(dispatch.pk))
    assert people_left[0].address not in server.content_began
    assert tally(dispatch.pk).by_state == {"accepted": 11, "refused": 1}
    assert Message.objects.get(contact=people_left[0]).reason == "opted_out_all"


@pytest.mark.parametrize("said", ["421 4.7.0 not this one now", "close"])
def test_one_recipient_who_ends_every_session_is_tried_later(
    cast: Cast, now: datetime, said: str
) -> None:
    def at_recipient(recipient: str) -> str:
        return said if recipient == poison.address else "250 ok"

    with serving(Server(at_recipient=at_recipient)) as server:
        dispatch = planned(cast, server, 12, now=now, connections=1)
        poison = Contact.objects.order_by("id")[4]
        with sending():
            until(lambda: tally(dispatch.pk).by_state == {"accepted": 11, "deferred": 1})
    message = Message.objects.get(contact=poison)
    assert message.due_at >= now + timedelta(minutes=5)
    assert Attempt.objects.get(message=message).outcome == "deferred"


@dataclass
class Hesitant(Server):
    """It reads on to the recipient before it answers MAIL, and dies at one of them."""

    poison: str = ""

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard = asyncio.StreamReader()
        talk = asyncio.create_task(super()._talk(heard, writer))
        try:
            while line := await reader.readline():
                if line.startswith(b"MAIL"):
                    line += await reader.readline()
                    if self.poison and self.poison.encode() in line:
                        writer.transport.abort()
                        return
                heard.feed_data(line)
        finally:
            heard.feed_eof()
            await talk


def test_a_server_that_dies_at_one_recipient_before_any_answer_is_asked_until_it_expires(
    cast: Cast, now: datetime, monkeypatch: pytest.MonkeyPatch, turned: None
) -> None:
    """Such a mail is put off like any that is refused for now, and has the same end."""
    monkeypatch.setattr(lane, "FIRST_PAUSE_SECONDS", 0.02)
    monkeypatch.setattr(lane, "LONGEST_PAUSE_SECONDS", 0.05)
    server = Hesitant()
    with serving(server):
        dispatch = planned(cast, server, 12, now=clock.now(), connections=1)
        poison = Contact.objects.order_by("id")[4]
        Transport.objects.update(per_connection_count=1)  # nobody else's session ends with it
        server.poison = poison.address
        with sending():
            until(lambda: tally(dispatch.pk).by_state == {"accepted": 11, "deferred": 1})
            message = Message.objects.get(contact=poison)
            assert (message.attempt_count, Attempt.objects.filter(message=message).count()) == (
                1,
                1,
            )
            assert message.due_at >= now + timedelta(minutes=5)
            clock.set_offset(timedelta(hours=73))
            until(lambda: is_finished(dispatch.pk))
    assert poison.address not in server.content_began
    assert tally(dispatch.pk).by_state == {"accepted": 11, "failed": 1}
    assert tally(dispatch.pk).by_reason == {"expired": 1}
    words = Attempt.objects.filter(message=message).values_list("text", flat=True)
    assert list(words) == ["The server ended the session at this recipient."] * 2
