"""The feeder: what it has claimed goes on, also where the database fails beneath it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import psycopg
import pytest
from django.db import OperationalError, connection

from sincerely.apps.contacts.models import Contact
from sincerely.apps.content.queries.people import people_facts
from sincerely.apps.sending.actions.outbox import LOST
from sincerely.apps.sending.models import Message
from sincerely.apps.sending.queries import is_finished
from sincerely.engines.sender import loop, prepare
from sincerely.engines.sender.journal import Journal
from sincerely.engines.sender.owner import Owner
from sincerely.wire.smtp.replies import Outcome, Reply, Stage
from tests.cast import Cast
from tests.crash.step_sender import StepSender
from tests.engines.sending_world import Server, planned, sending, serving, until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.engines]
ACCEPTED = Outcome(Stage.CONTENT, Reply(250, "ok"))


@pytest.mark.parametrize("step", ["letterhead_of", "recipients"])
def test_a_batch_that_failed_beneath_goes_on(
    cast: Cast, now: datetime, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """The claim stands, then a read fails, while the batch before is being written."""
    monkeypatch.setattr(loop, "BATCH", 6)
    monkeypatch.setattr(prepare, "LARGE_BATCH", 6)
    monkeypatch.setattr(prepare, step, _failing_at(3, getattr(prepare, step)))
    with serving(Server()) as server:
        dispatch = planned(cast, server, 24, now=now)
        with sending():
            until(lambda: is_finished(dispatch.pk))
            assert not Message.objects.exclude(state="accepted").exists()
    assert set(Counter(server.content_began).values()) == {1}
    assert len(server.kept) == 24


def test_what_is_given_back_is_only_what_cannot_have_begun(cast: Cast, now: datetime) -> None:
    """The sender still holds what it gave back, and none of that may leave any more."""
    planned(cast, Server(port=9), 4, now=now)
    sender = StepSender()
    sender.claim(4)
    begun, held, *_ = sender.queue
    sender.turn(None, None, begun)
    sender.forget()
    assert Message.objects.get(pk=begun.message.id).state == "dialling"
    assert sender.clear(held) == LOST
    sender.queue.clear()
    sender.claim(4)
    assert len(sender.queue) == 3, "who had begun is not claimed again"
    assert sender.clear(held) == LOST, "nor may the old letter leave under the new claim"
    sender.turn(begun, ACCEPTED, None)
    sender.stop()
    assert Message.objects.get(pk=begun.message.id).state == "accepted"


def test_who_is_erased_after_the_claim_stops_nobody_else(
    cast: Cast, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    erased: list[int] = []

    def erase_one(ids: Sequence[int], *arguments: Any, **named: Any) -> Any:
        if not erased:
            erased.append(ids[3])
            Contact.objects.filter(pk=ids[3]).delete()
        return people_facts(ids, *arguments, **named)

    monkeypatch.setattr(prepare, "people_facts", erase_one)
    with serving(Server()) as server:
        dispatch = planned(cast, server, 12, now=now)
        with sending() as stop:
            until(lambda: is_finished(dispatch.pk))
            assert not stop.is_set()
    assert len(server.kept) == 11
    assert Message.objects.filter(state="accepted").count() == 11


def _failing_at(call: int, real: Callable[..., Any]) -> Callable[..., Any]:
    calls = Counter[str]()

    def asked(*arguments: Any, **named: Any) -> Any:
        calls["n"] += 1
        if calls["n"] == call:
            raise OperationalError("the disk is full")
        return real(*arguments, **named)

    return asked


def test_a_sender_that_starts_while_sessions_are_cut_starts_again(
    cast: Cast, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its lock and its journal are there already, but the answer was lost."""
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has no sessions to lose")
    appear, cuts = Owner.appear, iter([True, True])

    def cut(self: Owner) -> Journal:
        journal = appear(self)
        if next(cuts, False):
            journal.close()
            raise psycopg.OperationalError("the server closed the connection")
        return journal

    monkeypatch.setattr(Owner, "appear", cut)
    with serving(Server()) as server:
        dispatch = planned(cast, server, 3, now=now)
        with sending():
            until(lambda: is_finished(dispatch.pk))
    assert next(cuts, None) is None
    assert len(server.kept) == 3


def test_what_cannot_be_given_back_is_left_to_the_next_sender(
    cast: Cast, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database went first: the sender leaves in order all the same."""
    with serving(Server(delay_seconds=0.01)) as server:
        dispatch = planned(cast, server, 200, now=now)
        with monkeypatch.context() as patch, sending():
            patch.setattr(loop, "recover_from", _failing_at(1, loop.recover_from))
            until(lambda: len(server.kept) > 10)
        assert Message.objects.filter(state="claimed").exists()
        with sending():
            until(lambda: is_finished(dispatch.pk))
    assert set(Counter(server.content_began).values()) == {1}
    assert len(server.kept) == 200
