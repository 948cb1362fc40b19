"""The cap under fifty triggers at once, and quiet hours at every change of twenty clocks."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import pytest
from django.db import connection

from sincerely.apps.contacts.models import Contact
from sincerely.apps.sending.actions import plan_slice
from sincerely.apps.sending.actions.limits import set_restraint
from sincerely.apps.sending.models import Dispatch, Hold, Message
from sincerely.apps.sending.rules.pressure import Limit
from sincerely.apps.sending.rules.quiet import Quiet
from sincerely.wire import clock
from tests.apps.sending import people
from tests.apps.sending.test_restraint_rules import ZONES, changes
from tests.apps.sending.turning import turn
from tests.cast import Cast
from tests.crash.nursery import Nursery
from tests.crash.scale import sized, write_down
from tests.engines.sending_world import Server, relay, serving, until, version_for

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.engines,
    pytest.mark.timeout(7_200),
]
TRIGGERS = 50
MOST = 2
HOUR = timedelta(hours=1)


def test_fifty_triggers_at_once_keep_the_cap(cast: Cast, nursery: Nursery) -> None:
    """Each trigger begins a mailing of its own to everybody; two senders work meanwhile."""
    count = sized(6, 60, 400)
    now = clock.now()
    kind = people.marketing(now)
    people.opted_in(count, now=now, kind=kind)
    set_restraint([Limit(most=MOST, days=7)], quiet=None, now=now - HOUR)
    with serving(Server()) as server:
        transport = relay(server, cast, now=now, connections=5)
        first = people.add_dispatch(cast, now=now, kind=kind, transport_id=transport.pk)
        Hold.objects.update(lifted_at=now)
        version = version_for(first, cast, now=now)
        with nursery.running("sender", "sender"):
            _all_at_once(cast, first, version.pk)
            until(lambda: not _moving(), seconds=900)
    arrived = Counter(address for address, _ in server.kept)
    assert set(arrived.values()) == {MOST}, "nobody over the cap, nobody short of it"
    assert len(arrived) == count
    states = Counter(Message.objects.values_list("state", "reason"))
    waiting = count * (TRIGGERS - MOST)
    assert states == {("accepted", ""): count * MOST, ("planned", "capped"): waiting}
    due = Message.objects.filter(state="planned").order_by("due_at")
    assert due[0].due_at >= now + timedelta(days=7)
    write_down(
        11,
        f"cap under {TRIGGERS} triggers, two senders",
        done=count * TRIGGERS,
        lost=0,
        twice=0,
        sent=count * MOST,
        held_back=waiting,
        over_the_cap=0,
    )


def test_fifty_turns_at_once_keep_the_cap(cast: Cast, now: datetime) -> None:
    """Fifty threads take the turn of fifty mailings to the same people in the same moment."""
    count = sized(5, 40, 200)
    kind = people.marketing(now)
    people.opted_in(count, now=now, kind=kind)
    set_restraint([Limit(most=MOST, days=7)], quiet=None, now=now - HOUR)
    mailings = [people.add_dispatch(cast, now=now, kind=kind) for _ in range(TRIGGERS)]
    for dispatch in mailings:
        plan_slice(dispatch.pk, people.EVERYBODY, version_id=None, due_at=now, now=now)
    _in_threads(lambda number: turn(mailings[number], now))
    went = Message.objects.filter(state="accepted").values_list("contact_id", flat=True)
    assert Counter(Counter(went).values()) == {MOST: count}
    assert Message.objects.filter(state="planned", reason="capped").count() == count * (
        TRIGGERS - MOST
    )


def _moving() -> bool:
    """Something may still leave now."""
    soon = Message.objects.filter(due_at__lt=clock.now() + HOUR)
    return soon.filter(state__in=["planned", "claimed", "dialling", "deferred"]).exists()


def _all_at_once(cast: Cast, first: Dispatch, version_id: int) -> None:
    """Fifty threads, each of which opens and plans a mailing; the first is there already."""

    def trigger(number: int) -> None:
        now = clock.now()
        kind, dispatch = people.marketing(now), first
        if number:
            dispatch = people.add_dispatch(
                cast, now=now, kind=kind, tag="automated", transport_id=first.transport_id
            )
            Hold.objects.filter(mailing_id=dispatch.pk).update(lifted_at=now)
        plan_slice(dispatch.pk, people.EVERYBODY, version_id=version_id, due_at=now, now=now)

    _in_threads(trigger)


def _in_threads(work: Callable[[int], object]) -> None:
    """Do something fifty times at once."""
    failures: list[BaseException] = []
    gate = threading.Barrier(TRIGGERS)

    def run(number: int) -> None:
        try:
            gate.wait(120)
            work(number)
        except BaseException as error:  # noqa: BLE001 -- told to the test
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(n,)) for n in range(TRIGGERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(300)
    assert failures == []


SPANS = (Quiet(time(22), time(8)), Quiet(time(23, 30), time(2, 30)))


def test_quiet_hours_at_changes_of_the_clock(cast: Cast, now: datetime) -> None:
    """Each mail is due some time around a change; it goes once, at once or when quiet ends."""
    share = sized(1, 8, 1_000)
    hours = sized(1, 6, 24)
    kind = people.marketing(now)
    looked_at = 0
    for name in ZONES:
        contact = people.add_contact(f"{name.lower()}@example.com", now=now, time_zone=name)
        people.add_permission(contact, kind, now=datetime(2019, 12, 1, tzinfo=UTC))
        for number, change in enumerate(_some(changes(name), share)):
            quiet = SPANS[number % len(SPANS)]
            set_restraint([], quiet=quiet, now=change)
            for step in range(hours):
                due = change + timedelta(minutes=(step * 1_440 // hours) - 170)
                _goes_once(cast, contact, quiet, due=due)
                looked_at += 1
    write_down(
        11,
        "quiet hours at changes of the clock, 20 zones",
        done=looked_at,
        lost=0,
        twice=0,
        in_quiet_hours=0,
    )


def _some(found: list[datetime], share: int) -> list[datetime]:
    """Changes spread over the years; a zone without any is looked at on two days."""
    found = found or [datetime(2024, 3, 31, 1, tzinfo=UTC), datetime(2024, 10, 27, 1, tzinfo=UTC)]
    return found[:: max(1, len(found) // (2 * share))][: 2 * share]


def _goes_once(cast: Cast, contact: Contact, quiet: Quiet, *, due: datetime) -> None:
    dispatch = people.add_dispatch(cast, now=due, kind=people.marketing(due))
    everybody = people.only([contact])
    plan_slice(dispatch.pk, everybody, version_id=None, due_at=due, now=due)
    message = Message.objects.get(mailing_id=dispatch.pk)
    zone, went = ZoneInfo(contact.time_zone), []
    for _ in range(4):
        at = message.due_at
        went += [at for word in turn(dispatch, at).values() if word == ""]
        message.refresh_from_db()
        if message.state == "accepted":
            break
    assert went == [_first_moment(due, quiet, zone)]
    assert turn(dispatch, due + timedelta(days=3)) == {}, "once is enough"


@cache
def _first_moment(due: datetime, quiet: Quiet, zone: ZoneInfo) -> datetime:
    """The first whole minute from then on at which the clock on the wall is not in the span."""
    at = due
    while quiet.covers(at.astimezone(zone).time()):
        at += timedelta(minutes=1)
    return at
