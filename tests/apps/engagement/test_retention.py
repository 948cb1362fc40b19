"""Raw signals go after their time; events, numbers and the rebuild stay."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta

import pytest
from django.conf import LazySettings

from sincerely.apps.engagement.models import (
    ContactEngagement,
    Delivery,
    Event,
    Signal,
    SignalVerdict,
)
from sincerely.apps.engagement.queries.rebuilt import contact_slices, differences
from sincerely.apps.engagement.queries.rejudged import wrong_verdicts
from sincerely.apps.engagement.tasks import forget_old_signals
from sincerely.engines.folder.steps import fold_all
from sincerely.engines.runner.jobs import JOBS
from tests.apps.engagement.world import World

DAY = timedelta(days=1)


@pytest.fixture
def old_and_new(world: World) -> World:
    """Clicks of a scanner and of readers, ten days apart, all finally judged."""
    for after in (0, 10 * 86_400):
        message = world.message(at=world.now + timedelta(seconds=after))
        world.capture(message, after=after + 3_600)
        for number in range(1, 7):
            world.capture(message, link=number, after=after + 7_200 + number / 10)
    fold_all(now=world.now + 20 * DAY)
    return world


def forget(now: datetime) -> None:
    while forget_old_signals(now=now, owner="", stop=threading.Event()):
        pass


def numbers() -> list[object]:
    people = [f.attname for f in ContactEngagement._meta.concrete_fields]
    deliveries = [f.attname for f in Delivery._meta.concrete_fields]
    events = ("contact_id", "kind", "at", "message_id", "link_id", "verdict")
    return [
        sorted(ContactEngagement.objects.values_list(*people), key=repr),
        sorted(Delivery.objects.values_list(*deliveries), key=repr),
        sorted(Event.objects.values_list(*events), key=repr),
    ]


def unlike() -> list[object]:
    return [*wrong_verdicts(), *(d for ids in contact_slices() for d in differences(ids))]


def test_old_signals_go_and_what_they_led_to_stays(old_and_new: World) -> None:
    before = numbers()
    forget(old_and_new.now + 405 * DAY)
    kept = set(Signal.objects.values_list("message_id", flat=True))
    assert kept == {old_and_new.messages[1].pk}
    assert SignalVerdict.objects.count() == Signal.objects.count() == 7
    assert numbers() == before
    assert unlike() == []
    forget(old_and_new.now + 500 * DAY)
    assert not Signal.objects.exists()
    assert numbers() == before
    assert unlike() == []


def test_what_stands_is_still_checked(old_and_new: World) -> None:
    forget(old_and_new.now + 405 * DAY)
    signal = Signal.objects.order_by("pk")[0]
    SignalVerdict.objects.filter(signal=signal).update(verdict="machine")
    Delivery.objects.filter(message_id=old_and_new.messages[0].pk).update(human_click_count=9)
    found = unlike()
    assert found[0] == (signal.pk, "machine", "human")
    assert len(found) == 2, "a rollup of the time before is compared with its events"


def test_nothing_goes_before_its_final_look_or_without_a_limit(
    world: World, settings: LazySettings
) -> None:
    world.capture(world.message())
    fold_all(now=world.now + timedelta(hours=2))
    forget(world.now + 500 * DAY)
    assert Signal.objects.count() == 1
    fold_all(now=world.now + 500 * DAY)
    settings.KEEP_SIGNALS_DAYS = 0
    forget(world.now + 500 * DAY)
    assert Signal.objects.count() == 1
    assert forget_old_signals in [job.work for job in JOBS]
