"""The gate at the hand-over: what changed since planning, withdrawals not yet folded included."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction

from sincerely.apps.consent.models import ConsentRecord, SubscriptionType
from sincerely.apps.contacts.models import Contact
from sincerely.apps.engagement.queries import capture_store
from sincerely.apps.sending.actions import cancel, pause, place_hold, plan_slice
from sincerely.apps.sending.actions.outbox import (
    LOST,
    Claimed,
    Settlement,
    claim,
    dial,
    let_go,
    recover,
    refuse,
    settle,
)
from sincerely.apps.sending.actions.turns import turn_over
from sincerely.apps.sending.models import Attempt, Dispatch, Message, Transport
from sincerely.apps.sending.queries import tally
from sincerely.apps.sending.queries.gate import verdicts
from sincerely.apps.sending.queries.waiting import waiting
from sincerely.wire import metrics
from sincerely.wire.capture import UNSUBSCRIBE, Capture
from tests.apps.sending import people
from tests.cast import Cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def claimed(cast: Cast, now: datetime, tmp_path: Path, settings: Any) -> Iterator[list[Claimed]]:
    settings.CAPTURE_PATH = tmp_path / "capture.sqlite3"
    kind = people.marketing(now)
    people.opted_in(4, now=now, kind=kind)
    dispatch = people.add_dispatch(cast, now=now, kind=kind)
    plan_slice(dispatch.pk, people.EVERYBODY, version_id=None, due_at=now, now=now)
    yield claim(dispatch.pk, owner="me", now=now, limit=10)
    store = capture_store()  # on PostgreSQL a table that is not rolled back
    store.trim(store.last_id() + 10_000_000, 100)
    store.close()


def ask(claimed: list[Claimed], now: datetime) -> list[str]:
    with transaction.atomic():
        said = verdicts(claimed, now=now)
    return [said[message.id] for message in claimed]


def unsubscribed(message: Claimed) -> Capture:
    return Capture(0, UNSUBSCRIBE, message.mailing_id, message.id, message.nonce, method="POST")


def test_who_pressed_unsubscribe_a_moment_ago_gets_nothing(
    claimed: list[Claimed], now: datetime
) -> None:
    assert ask(claimed, now) == [""] * 4
    capture_store().append([unsubscribed(claimed[1])])
    assert ask(claimed, now) == ["", "opted_out", "", ""]


def test_evidence_that_was_spoilt_after_planning_is_refused(
    claimed: list[Claimed], now: datetime
) -> None:
    ConsentRecord.objects.filter(contact_id=claimed[0].contact_id).update(payload="{}")
    Contact.objects.filter(pk=claimed[1].contact_id).update(address_key=bytes(16))
    assert ask(claimed, now) == ["no_evidence", "address_changed", "", ""]


def test_the_switch_counts_at_the_last_moment(claimed: list[Claimed], now: datetime) -> None:
    mailing_id = claimed[0].mailing_id
    hold = place_hold(reason="blocklisted", placed_by="guard", now=now)
    assert set(ask(claimed, now)) == {"wait"}
    hold.delete()
    pause(mailing_id, now=now)
    assert set(ask(claimed, now)) == {"wait"}
    cancel(mailing_id, now=now)
    assert set(ask(claimed, now)) == {"cancelled"}


def test_only_the_holder_of_the_fence_writes(claimed: list[Claimed], now: datetime) -> None:
    with transaction.atomic():
        dial([(message, "") for message in claimed])
    assert recover("me", now=now, begun=None) == (0, 4)
    with transaction.atomic():
        settle([Settlement(claimed[0], "accepted", 250, "late", finished_at=now)], now=now)
        let_go(claimed)
    assert tally(claimed[0].mailing_id).by_state == {"unknown": 4}
    assert set(Attempt.objects.values_list("outcome", flat=True)) == {"unknown"}


def test_who_lost_a_claim_changes_nothing_while_another_hands_over(
    claimed: list[Claimed], now: datetime
) -> None:
    """The state does not tell: each is being handed over, by whoever claimed it since."""
    recover("me", now=now, begun=())
    theirs = claim(claimed[0].mailing_id, owner="other", now=now, limit=10)
    with transaction.atomic():
        dial([(message, "") for message in theirs])
    late = [Settlement(m, "failed", 550, "late", finished_at=now) for m in claimed]
    with transaction.atomic():
        settle(late[:1], now=now)
        refuse([(claimed[1], "opted_out")], now=now)
        let_go(claimed[2:])
        assert dial([(message, "9") for message in claimed]) == set()
    turn_over(late, [(claimed[0], "9")], now=now)
    assert turn_over([], [(claimed[0], "9")], now=now) == {claimed[0].id: LOST}
    rows = Message.objects.values_list("state", "claimed_by", "shown_blocks", "attempt_count")
    assert set(rows) == {("dialling", "other", "", 0)}
    assert not Attempt.objects.exists()


@pytest.mark.skipif(connection.vendor == "sqlite", reason="one statement on PostgreSQL only")
def test_a_turn_in_one_statement_says_what_the_gate_says(
    claimed: list[Claimed], now: datetime
) -> None:
    people.add_opt_out(Contact.objects.get(pk=claimed[0].contact_id), now=now)
    Contact.objects.filter(pk=claimed[1].contact_id).update(address_key=bytes(16))
    Message.objects.filter(pk=claimed[2].id).update(fence=9)
    wanted = ask(claimed, now)
    candidates = [(message, "1,2") for message in claimed]
    said = turn_over([], candidates, now=now)
    assert said is not None
    assert [said[m.id] for m in claimed] == [*wanted[:2], LOST, wanted[3]]
    assert wanted == ["opted_out_all", "address_changed", "", ""]
    dialled = Message.objects.get(state="dialling")
    assert (dialled.pk, dialled.shown_blocks) == (claimed[3].id, "1,2")
    done = Settlement(claimed[3], "accepted", 250, "ok", finished_at=now)
    stranger = Settlement(claimed[2], "accepted", 250, "ok", finished_at=now)
    pause(claimed[0].mailing_id, now=now)
    assert turn_over([done, stranger], candidates[:1], now=now) == {claimed[0].id: "wait"}
    assert list(Attempt.objects.values_list("message_id", "code")) == [(claimed[3].id, 250)]
    assert Message.objects.get(pk=claimed[3].id).state == "accepted"
    capture_store().append([unsubscribed(claimed[1])])
    assert turn_over([], candidates[1:2], now=now) is None, "somebody left: the long way"


def test_claimed_rows_of_the_dead_are_claimed_again(claimed: list[Claimed], now: datetime) -> None:
    mailing_id = claimed[0].mailing_id
    assert claim(mailing_id, owner="other", now=now, limit=10) == []
    assert recover("me", now=now, begun=None) == (4, 0)
    again = claim(mailing_id, owner="other", now=now, limit=10)
    assert [message.id for message in again] == [message.id for message in claimed]
    assert {message.fence for message in again} == {3}


def test_a_rate_per_hour_holds(cast: Cast, now: datetime) -> None:
    kind: SubscriptionType = people.marketing(now)
    people.opted_in(40, now=now, kind=kind)
    dispatch = people.add_dispatch(cast, now=now, kind=kind, per_hour=3600)
    plan_slice(dispatch.pk, people.EVERYBODY, version_id=None, due_at=now, now=now)
    taken = 0
    for tenth in range(100):
        at = now + timedelta(seconds=tenth / 10)
        taken += len(claim(dispatch.pk, owner="me", now=at, limit=50))
    assert 9 <= taken <= 12
    assert Dispatch.objects.get(pk=dispatch.pk).paced_until is not None
    assert Message.objects.filter(state="planned").count() == 40 - taken


@pytest.mark.parametrize("whose", ["campaign", "transport"])
def test_the_slower_rate_holds_and_the_page_names_it(cast: Cast, now: datetime, whose: str) -> None:
    """One a minute, of the campaign or its transport; the other would allow one a second."""
    kind: SubscriptionType = people.marketing(now)
    people.opted_in(6, now=now, kind=kind)
    rates = {"campaign": 3600, "transport": 3600} | {whose: 60}
    dispatch = people.add_dispatch(cast, now=now, kind=kind, per_hour=rates["campaign"])
    Transport.objects.filter(pk=dispatch.transport_id).update(per_hour=rates["transport"])
    plan_slice(dispatch.pk, people.EVERYBODY, version_id=None, due_at=now, now=now)
    taken = []
    for second in range(0, 150, 10):
        at = now + timedelta(seconds=second)
        taken += claim(dispatch.pk, owner="me", now=at, limit=50)
    assert len(taken) == 3
    let_go(taken)
    found = waiting(dispatch.pk, now=at, real_now=at)
    assert (found.paced_by, found.next_at is not None) == (whose, True)


def test_what_the_gate_refuses_is_counted_once_it_is_stored(
    claimed: list[Claimed], now: datetime, django_capture_on_commit_callbacks: Any
) -> None:
    def counted(reason: str) -> float:
        return (
            metrics.REGISTRY.get_sample_value("sincerely_gate_refusals_total", {"reason": reason})
            or 0.0
        )

    before = [counted("suppressed"), counted("cancelled")]
    with django_capture_on_commit_callbacks(execute=True):
        refuse([(m, "suppressed") for m in claimed[:2]] + [(claimed[2], "cancelled")], now=now)
        assert [counted("suppressed"), counted("cancelled")] == before
    assert [counted("suppressed"), counted("cancelled")] == [before[0] + 2, before[1]]
