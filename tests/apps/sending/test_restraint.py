"""The cap and quiet hours in the outbox: who may go now, who waits until when, who is left out."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from sincerely.apps.contacts.models import Contact
from sincerely.apps.sending.actions import cancel, plan_slice
from sincerely.apps.sending.actions.limits import set_restraint
from sincerely.apps.sending.actions.outbox import claim
from sincerely.apps.sending.actions.pressure import LATER, claim_free
from sincerely.apps.sending.actions.turns import turn_over
from sincerely.apps.sending.models import Dispatch, Message, Pressure
from sincerely.apps.sending.queries import tally
from sincerely.apps.sending.rules.pressure import Limit
from sincerely.apps.sending.rules.quiet import Quiet
from sincerely.apps.team.models import AuditEntry
from tests.apps.sending import people
from tests.apps.sending.turning import turn
from tests.cast import Cast

pytestmark = pytest.mark.django_db
HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(days=7)
ONE_A_WEEK = Limit(most=1, days=7)


@pytest.fixture
def ann(now: datetime) -> Contact:
    return people.opted_in(1, now=now, kind=people.marketing(now))[0]


def limit(*limits: Limit, quiet: Quiet | None = None, now: datetime) -> None:
    """Set limits some time ago, so that they are in force."""
    set_restraint(limits, quiet=quiet, now=now - HOUR)


def mailing(cast: Cast, now: datetime, *, tag: str = "campaign", **columns: Any) -> Dispatch:
    """A mailing to everybody, due now."""
    dispatch = people.add_dispatch(cast, now=now, kind=people.marketing(now), tag=tag, **columns)
    plan_slice(dispatch.pk, people.EVERYBODY, version_id=None, due_at=now, now=now)
    return dispatch


def only(dispatch: Dispatch) -> Message:
    return Message.objects.get(mailing_id=dispatch.pk)


def test_without_a_limit_nothing_is_noted(cast: Cast, ann: Contact, now: datetime) -> None:
    for _ in range(3):
        assert list(turn(mailing(cast, now), now).values()) == [""]
    assert not Pressure.objects.exists()


def test_the_second_mail_waits_until_the_window_has_rolled_on(
    cast: Cast, ann: Contact, now: datetime
) -> None:
    limit(ONE_A_WEEK, now=now)
    turn(mailing(cast, now), now)
    second = mailing(cast, now)
    assert list(turn(second, now + HOUR).values()) == [LATER]
    waiting = only(second)
    assert (waiting.state, waiting.reason, waiting.due_at) == ("planned", "capped", now + WEEK)
    assert tally(second.pk).by_reason == {}
    assert tally(second.pk).waiting_by_reason == {"capped": 1}
    assert turn(second, now + WEEK - HOUR) == {}, "it is not due before"
    assert list(turn(second, now + WEEK).values()) == [""]
    assert (only(second).state, only(second).reason) == ("accepted", "")


def test_patience_ends(cast: Cast, ann: Contact, now: datetime) -> None:
    limit(ONE_A_WEEK, now=now)
    turn(mailing(cast, now), now)
    hasty = mailing(cast, now, patient_until=now + 3 * DAY)
    assert list(turn(hasty, now + HOUR).values()) == ["capped"]
    assert (only(hasty).state, only(hasty).reason) == ("refused", "capped")


def test_a_limit_set_today_counts_the_mail_of_yesterday(
    cast: Cast, ann: Contact, now: datetime
) -> None:
    turn(mailing(cast, now - DAY), now - DAY)
    people.add_history(ann, imported_sent_at=now - 2 * DAY)
    limit(Limit(most=3, days=7), now=now)
    assert list(turn(mailing(cast, now), now).values()) == [""]
    fourth = mailing(cast, now)
    assert list(turn(fourth, now).values()) == [LATER]
    assert only(fourth).due_at == now + 5 * DAY
    limit(Limit(most=2, days=7), now=now + 2 * HOUR)
    third = mailing(cast, now)
    turn(third, now + 2 * HOUR)
    assert only(third).due_at == now + 6 * DAY, "what an older limit noted is read anew"


def test_a_limit_switched_off_and_on_again_forgets_nothing(
    cast: Cast, ann: Contact, now: datetime
) -> None:
    limit(ONE_A_WEEK, now=now)
    limit(now=now)
    turn(mailing(cast, now), now)
    limit(ONE_A_WEEK, now=now)
    assert list(turn(mailing(cast, now), now).values()) == [LATER]


def test_a_limit_just_set_waits_until_every_sender_has_seen_it(
    cast: Cast, ann: Contact, now: datetime
) -> None:
    set_restraint([ONE_A_WEEK], quiet=None, now=now)
    first = mailing(cast, now)
    assert list(turn(first, now).values()) == [LATER]
    assert list(turn(first, only(first).due_at).values()) == [""]
    assert only(first).due_at <= now + timedelta(seconds=5)


def test_a_gap_and_a_limit_of_one_type(cast: Cast, ann: Contact, now: datetime) -> None:
    kind = people.marketing(now)
    limit(Limit(gap_hours=16), Limit(kind.pk, most=2, days=30), now=now)
    turn(mailing(cast, now), now)
    second = mailing(cast, now)
    turn(second, now)
    assert only(second).due_at == now + 16 * HOUR
    turn(second, now + 16 * HOUR)
    third = mailing(cast, now)
    turn(third, now + 2 * DAY)
    assert only(third).due_at == now + 30 * DAY


def test_what_failed_in_the_end_takes_no_room(cast: Cast, ann: Contact, now: datetime) -> None:
    limit(ONE_A_WEEK, now=now)
    first = mailing(cast, now)
    turn(first, now)
    Message.objects.filter(mailing_id=first.pk).update(state="failed")
    assert list(turn(mailing(cast, now), now).values()) == [""]


def test_mail_that_is_tried_again_does_not_stand_in_its_own_way(
    cast: Cast, ann: Contact, now: datetime
) -> None:
    limit(ONE_A_WEEK, now=now)
    first = mailing(cast, now)
    for _ in range(2):
        turn(first, now)
        Message.objects.filter(mailing_id=first.pk).update(state="deferred")
    assert list(turn(first, now).values()) == [""]
    (row,) = Pressure.objects.all()
    assert row.recent.count("[") == 2, "one entry in the list"


def test_two_contacts_with_one_address_share_its_limit(
    cast: Cast, ann: Contact, now: datetime
) -> None:
    turn(mailing(cast, now - DAY), now - DAY)
    twin = people.add_contact(ann.address.upper(), now=now, share=1)
    people.add_permission(twin, people.marketing(now), now=now)
    limit(ONE_A_WEEK, now=now)
    to_twin = people.add_dispatch(cast, now=now, kind=people.marketing(now))
    plan_slice(to_twin.pk, people.only([twin]), version_id=None, due_at=now, now=now)
    assert list(turn(to_twin, now).values()) == [LATER]


def test_transactional_mail_is_not_asked_and_does_not_count(
    cast: Cast, ann: Contact, now: datetime
) -> None:
    limit(ONE_A_WEEK, quiet=Quiet(time(0), time(23)), now=now)
    assert list(turn(mailing(cast, now, tag="transactional"), now).values()) == [""]
    limit(ONE_A_WEEK, now=now)
    assert list(turn(mailing(cast, now), now).values()) == [""]
    assert list(turn(mailing(cast, now, tag="transactional"), now).values()) == [""]


def test_quiet_hours_are_those_of_the_contact_s_clock(cast: Cast, now: datetime) -> None:
    kind = people.marketing(now)
    zones = ("Asia/Tokyo", "America/New_York", "", "Nowhere/AtAll")
    for number, zone in enumerate(zones):
        contact = people.add_contact(f"p{number}@example.com", now=now, time_zone=zone)
        people.add_permission(contact, kind, now=now)
    limit(quiet=Quiet(time(20), time(9)), now=now)
    dispatch = mailing(cast, now)
    turn(dispatch, now)
    due = {m.contact.time_zone: m for m in Message.objects.select_related("contact")}
    states = [due[zone].state for zone in zones]
    assert states == ["planned", "planned", "accepted", "accepted"], "14:00 in Amsterdam"
    assert due["Asia/Tokyo"].due_at == datetime(2026, 6, 16, 0, 0, tzinfo=UTC)
    assert due["America/New_York"].due_at == datetime(2026, 6, 15, 13, 0, tzinfo=UTC)
    assert tally(dispatch.pk).waiting_by_reason == {"quiet_hours": 2}
    cancel(dispatch.pk, now=now)
    assert tally(dispatch.pk).by_reason == {}


@pytest.mark.requirement("R093", partial="calendar windows, the rate of kept promises")
def test_the_most_important_of_three_goes_and_two_are_withheld(cast: Cast, now: datetime) -> None:
    kind = people.marketing(now)
    people.opted_in(5, now=now, kind=kind)
    limit(Limit(kind.pk, most=1, days=7), now=now)
    three = [
        mailing(cast, now, priority=priority, patient_until=now + DAY) for priority in (0, 1, 2)
    ]
    for dispatch in three:
        turn(dispatch, now)
    later = now + timedelta(minutes=30)
    for dispatch in three:
        turn(dispatch, later)
    tallies = [tally(dispatch.pk) for dispatch in three]
    assert [t.accepted_count for t in tallies] == [0, 0, 5]
    assert [t.by_reason for t in tallies] == [{"capped": 5}, {"capped": 5}, {}]


def test_claiming_gives_back_at_once_who_has_to_wait(cast: Cast, now: datetime) -> None:
    people.opted_in(6, now=now, kind=people.marketing(now))
    limit(ONE_A_WEEK, now=now)
    first = people.add_dispatch(cast, now=now, kind=people.marketing(now))
    some = list(Contact.objects.order_by("id")[:4])
    plan_slice(first.pk, people.only(some), version_id=None, due_at=now, now=now)
    turn(first, now)
    second = mailing(cast, now)
    free = claim_free(second.pk, owner="me", now=now, limit=2)
    assert {m.contact_id for m in free} == {c.pk for c in Contact.objects.order_by("id")[4:]}
    assert tally(second.pk).waiting_by_reason == {"capped": 4}
    assert Pressure.objects.count() == 4, "claiming notes nothing"


def test_one_statement_for_a_turn_does_nothing_where_there_is_a_limit(
    cast: Cast, ann: Contact, now: datetime
) -> None:
    limit(ONE_A_WEEK, now=now)
    dispatch = mailing(cast, now)
    claimed = claim(dispatch.pk, owner="me", now=now, limit=5)
    assert turn_over([], [(claimed[0], "")], now=now) is None
    assert only(dispatch).state == "claimed"


def test_a_change_is_on_the_audit_trail(cast: Cast, now: datetime) -> None:
    set_restraint([ONE_A_WEEK], quiet=Quiet(time(22), time(8)), now=now, actor=cast.actor)
    set_restraint([ONE_A_WEEK], quiet=Quiet(time(22), time(8)), now=now, actor=cast.actor)
    (entry,) = AuditEntry.objects.filter(act="restraint.changed")
    assert entry.detail["after"] == {
        "limits": [[0, 1, 7, 0]],
        "quiet_hours": ["22:00", "08:00"],
    }
