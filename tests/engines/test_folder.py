"""The fold: captures and outcomes become events, verdicts, rollups and labels."""

from __future__ import annotations

from datetime import datetime, timedelta
from unittest.mock import ANY

import pytest

from sincerely.apps.consent.models import ConsentRecord
from sincerely.apps.engagement.actions import looks
from sincerely.apps.engagement.models import (
    ContactEngagement,
    Delivery,
    Event,
    Signal,
    SignalVerdict,
    Watermark,
)
from sincerely.apps.engagement.queries import position
from sincerely.apps.engagement.queries.rebuilt import contact_slices, differences
from sincerely.apps.engagement.queries.rejudged import wrong_verdicts
from sincerely.apps.interests.models import ContactLabel
from sincerely.engines.folder import steps
from sincerely.engines.folder.steps import fold_all, fold_captures
from tests.apps.engagement.world import World

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
APPLE = "Mozilla/5.0"


def settled(world: World, *, after: timedelta = 2 * HOUR) -> datetime:
    moment = world.now + after
    fold_all(now=moment)
    return moment


def unlike() -> list[object]:
    return [d for ids in contact_slices() for d in differences(ids)]


def test_outcomes_become_events_once(world: World) -> None:
    accepted, failed = world.message(), world.message(outcome="failed")
    unknown, deferred = world.message(outcome="unknown"), world.message(outcome="deferred")
    settled(world)
    settled(world)
    kinds = {
        message.pk: sorted(
            Event.objects.filter(message_id=message.pk).values_list("kind", flat=True)
        )
        for message in (accepted, failed, unknown, deferred)
    }
    assert kinds == {
        accepted.pk: ["delivered", "sent"],
        failed.pk: ["bounced", "sent"],
        unknown.pk: ["sent"],
        deferred.pk: [],
    }
    rollup = ContactEngagement.objects.get(contact_id=accepted.contact_id)
    assert (rollup.sent_count, rollup.delivered_count, rollup.sent_since_engaged_count) == (1, 1, 1)
    assert rollup.last_sent_at == world.now
    assert Delivery.objects.get(message_id=failed.pk).bounced_at == world.now
    assert unlike() == []


def test_a_step_says_whether_more_waits(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the folder would rest while it falls behind."""
    monkeypatch.setattr(steps, "LONGEST_TURN_SECONDS", 0.0)
    for _ in range(3):
        world.capture(world.message(), link=1)
    for step in steps.STEPS:
        said = [step(now=world.now + 2 * HOUR, limit=2).is_more for _ in range(2)]
        assert said == [True, False], step


def test_what_another_folder_took_meanwhile_is_not_taken_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.capture(world.message(), link=1)
    settled(world)
    looked = iter([0])
    monkeypatch.setattr(steps, "position", lambda reader: next(looked, position(reader)))
    assert fold_captures(now=world.now + 3 * HOUR) == steps.Step(0, is_more=True)
    assert Signal.objects.count() == 1


def test_after_a_pause_clicks_are_judged_with_their_company(world: World) -> None:
    """A folder that was down finds a scanner's clicks in two slices: none is a person's alone."""
    message, later = world.message(), world.now + 3 * DAY
    for number in range(1, 6):
        world.capture(message, link=number, after=3_600 + number / 10)
    fold_captures(now=later, limit=1)
    assert steps.settle(now=later) == steps.Step(0, is_more=False, seconds=ANY)
    fold_all(now=later)
    verdicts = set(Event.objects.filter(kind="clicked").values_list("verdict", flat=True))
    assert verdicts
    assert "human" not in verdicts
    assert list(wrong_verdicts()) == []


@pytest.mark.requirement("R030")
def test_a_click_is_known_by_contact_message_link_and_time(world: World) -> None:
    message = world.message()
    world.capture(message, link=1)
    world.capture(message, link=6, after=3_700)
    settled(world)
    event = Event.objects.get(kind="clicked")
    assert (event.contact_id, event.message_id, event.link.number) == (  # type: ignore[union-attr]
        message.contact_id,
        message.pk,
        1,
    )
    assert event.at == world.now + HOUR
    assert event.verdict == "human"
    assert Signal.objects.count() == 2, "the unsubscribe link is kept as a signal, never as a click"
    assert Delivery.objects.get().human_click_count == 1
    assert unlike() == []


@pytest.mark.requirement("R031")
def test_last_open_is_unknown_until_a_person_opened(world: World) -> None:
    silent, apple, reader = world.message(), world.message(), world.message()
    world.capture(apple, "open", agent=APPLE)
    world.capture(reader, "open")
    settled(world)

    def opens(message: object) -> tuple[object, ...]:
        row = ContactEngagement.objects.get(contact_id=message.contact_id)  # type: ignore[attr-defined]
        return (row.last_open_at, row.last_machine_open_at, row.open_count)

    assert opens(silent) == (None, None, 0)
    assert opens(apple) == (None, world.now + HOUR, 0)
    assert opens(reader) == (world.now + HOUR, None, 1)
    assert Delivery.objects.get(message_id=apple.pk).machine_open_count == 1
    assert unlike() == []


def test_the_automation_verdict_waits_for_bursts(world: World) -> None:
    message = world.message()
    world.capture(message, after=3_600)
    fold_all(now=world.now + timedelta(seconds=3_650))
    assert Signal.objects.count() == 1
    assert not SignalVerdict.objects.exists()
    assert not Event.objects.filter(kind="clicked").exists()
    assert not ContactLabel.objects.exists()
    fold_all(now=world.now + timedelta(seconds=3_690))
    assert Event.objects.filter(kind="clicked", verdict="human").count() == 1
    assert ContactLabel.objects.get().label == world.dogs


@pytest.mark.requirement("R023")
def test_a_scanner_that_takes_all_links_gets_no_label(world: World) -> None:
    scanned, read = world.message(), world.message()
    for number in range(1, 7):
        world.capture(scanned, link=number, after=1 + number * 0.1)
    world.capture(read, link=2)
    settled(world)
    labels = list(ContactLabel.objects.values_list("contact_id", "label__name"))
    assert labels == [(read.contact_id, "Cats")]
    assert set(
        Event.objects.filter(contact_id=scanned.contact_id, kind="clicked").values_list(
            "verdict", flat=True
        )
    ) == {"machine"}


def test_a_click_in_the_test_mailbox_counts_at_once(world: World) -> None:
    message = world.message()
    world.capture(message, after=1, simulated=True)
    fold_all(now=world.now + timedelta(seconds=2))
    event = Event.objects.get(kind="clicked")
    assert (event.verdict, event.is_simulated) == ("human", True)
    assert ContactLabel.objects.get().label == world.dogs
    settled(world, after=2 * DAY)
    assert Event.objects.filter(kind="clicked").count() == 1
    assert unlike() == []


def test_an_undecided_click_is_shown_and_triggers_nothing(world: World) -> None:
    message = world.message()
    world.capture(message, after=20)
    settled(world)
    event = Event.objects.get(kind="clicked")
    assert event.verdict == "undecided"
    assert 0.2 <= event.machine_probability <= 0.8
    assert Delivery.objects.get().undecided_click_count == 1
    assert ContactEngagement.objects.get().last_click_at is None
    assert not ContactLabel.objects.filter(is_held=True).exists()


def test_a_foreign_nonce_is_dropped_and_counted(world: World) -> None:
    message = world.message()
    world.capture(message, nonce=b"others")
    world.capture(message, "unsubscribe", nonce=b"others")
    settled(world)
    assert not Signal.objects.exists()
    assert not ConsentRecord.objects.exists()
    assert Watermark.objects.get(pk="dropped").position == 2


def test_one_click_withdraws_from_the_type_and_says_so_once(world: World) -> None:
    message = world.message()
    world.capture(message, "unsubscribe", after=60, method="POST")
    world.capture(message, "unsubscribe", after=61, method="POST")
    settled(world)
    record = ConsentRecord.objects.get()
    assert (record.act, record.channel) == ("withdraw", "one_click")
    assert record.subscription_type_id == world.mailing.subscription_type_id
    assert record.message_id == message.pk
    event = Event.objects.get(kind="unsubscribed")
    assert event.at == Delivery.objects.get().unsubscribed_at
    settled(world, after=3 * HOUR)
    assert Event.objects.filter(kind="unsubscribed").count() == 1
    assert unlike() == []


def test_hygiene_keeps_one_day_and_none_keeps_nothing(world: World) -> None:
    clean = world.message(world.contact("clean", tier="hygiene"))
    closed = world.message(world.contact("closed", tier="none"))
    for message in (clean, closed):
        world.capture(message, "open")
        world.capture(message, "open", agent=APPLE, after=DAY.total_seconds())
        world.capture(message, "click")
        world.capture(message, "unsubscribe", method="POST")
    settled(world, after=3 * DAY)
    assert not Signal.objects.exists()
    assert not Event.objects.filter(kind__in=("opened", "clicked")).exists()
    rollup = ContactEngagement.objects.get(contact_id=clean.contact_id)
    assert rollup.last_open_at == world.now.replace(hour=0)
    assert rollup.last_click_at is None
    assert ContactEngagement.objects.get(contact_id=closed.contact_id).last_open_at is None
    assert ConsentRecord.objects.count() == 2, "leaving works without any tracking"
    assert unlike() == []


def test_a_later_round_takes_back_what_turned_out_a_machine(world: World) -> None:
    """Links fetched one by one, 40 s apart, look human each; together, with robots, they do not."""
    message = world.message()
    world.capture(message, link=1, after=1_000)
    settled(world)
    assert ContactEngagement.objects.get().click_count == 1
    SignalVerdict.objects.create(
        signal=Signal.objects.get(), round=3, verdict="machine", machine_probability=0.99,
        at=world.now,
    )  # fmt: skip
    Event.objects.filter(kind="clicked").update(verdict="machine", machine_probability=0.99)
    assert unlike() != []
    settled(world, after=2 * DAY)
    latest = SignalVerdict.objects.order_by("round").last()
    assert latest is not None
    assert (latest.round, latest.verdict) == (4, "human")
    assert ContactEngagement.objects.get().click_count == 1
    assert unlike() == []


def test_a_flood_on_one_message_is_bounded(world: World) -> None:
    message = world.message()
    for n in range(450):
        world.capture(message, after=3_600 + n * 0.01)
    settled(world)
    assert Signal.objects.count() == 400
    assert position("dropped") == 50
    assert unlike() == []


def test_sends_since_engaged_are_counted_from_the_last_human_sign(world: World) -> None:
    contact = world.contact()
    for day in range(3):
        world.message(contact, mailing=world.mail(f"Mail {day}"), at=world.now + day * DAY)
    world.capture(world.messages[1], after=1.5 * 86_400)
    settled(world, after=2 * DAY)
    assert ContactEngagement.objects.get().sent_since_engaged_count == 1
    world.message(contact, mailing=world.mail("Mail 4"), at=world.now + 4 * DAY)
    settled(world, after=5 * DAY)
    assert ContactEngagement.objects.get().sent_since_engaged_count == 2
    assert unlike() == []


def test_the_first_slice_may_be_smaller(world: World, now: datetime) -> None:
    for number in range(12):
        world.capture(world.message(), "open", after=number)
    later = now + timedelta(days=3)
    fold_captures(now=later)
    found = [
        [look.count for look in each]
        for each in looks(now=later, taken_until=later, first=2, limit=5)
    ]
    assert found == [[2], [5], [5], []]
