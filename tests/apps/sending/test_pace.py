"""How fast a mailing leaves is read from its attempts, beside those of others and at any size."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from sincerely.apps.contacts.models import Contact
from sincerely.apps.sending.actions import plan_slice
from sincerely.apps.sending.models import Attempt, Dispatch, Message
from sincerely.apps.sending.queries import pace as queries
from sincerely.apps.sending.queries.pace import due_between, pace
from tests.apps.sending import people
from tests.apps.sending.turning import turn
from tests.cast import Cast

pytestmark = pytest.mark.django_db
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)


def planned(cast: Cast, some: list[Contact], now: datetime) -> Dispatch:
    dispatch = people.add_dispatch(cast, now=now, kind=people.marketing(now))
    plan_slice(dispatch.pk, people.only(some), version_id=None, due_at=now, now=now)
    return dispatch


def note(dispatch: Dispatch, at: list[datetime], outcome: str = "accepted") -> None:
    """Record attempts of the first message of a mailing, as senders do: one after the other."""
    message = Message.objects.filter(mailing_id=dispatch.pk).earliest("pk")
    Attempt.objects.bulk_create(Attempt(message=message, at=one, outcome=outcome) for one in at)


def test_what_the_sender_recorded_counts(cast: Cast, now: datetime) -> None:
    some = people.opted_in(40, now=now, kind=people.marketing(now))
    dispatch = planned(cast, some[:30], now)
    other = planned(cast, some[30:], now)
    turn(dispatch, now)
    turn(other, now + 5 * SECOND)
    found = pace(dispatch.pk, now=now + 20 * SECOND)
    assert (found.count, found.span) == (30, 20 * SECOND)
    assert found.per_hour == 30 * 180
    assert pace(other.pk, now=now + 20 * SECOND).count == 10
    assert not pace(other.pk, now=now + 12 * SECOND).is_known, "seven seconds tell nothing"


def test_little_in_a_minute_is_looked_for_in_a_longer_while(cast: Cast, now: datetime) -> None:
    dispatch = planned(cast, people.opted_in(1, now=now, kind=people.marketing(now)), now)
    assert not pace(dispatch.pk, now=now).is_known
    note(dispatch, [now + n * MINUTE / 2 for n in range(60)])
    found = pace(dispatch.pk, now=now + 30 * MINUTE)
    assert (found.count, found.span) == (30, 15 * MINUTE)
    assert not pace(dispatch.pk, now=now + 50 * MINUTE).is_known, "that was long ago"


def test_a_mail_that_is_put_off_was_not_handed_over(cast: Cast, now: datetime) -> None:
    dispatch = planned(cast, people.opted_in(1, now=now, kind=people.marketing(now)), now)
    note(dispatch, [now + n * SECOND for n in range(50)], outcome="deferred")
    assert pace(dispatch.pk, now=now + MINUTE).count == 0


def test_many_are_looked_at_in_part_and_still_counted(
    cast: Cast, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A third of what leaves is this mailing's; some attempts are gone with an erased contact."""
    monkeypatch.setattr(queries, "LOOKED_AT", 100)
    two = people.opted_in(2, now=now, kind=people.marketing(now))
    mine, others = planned(cast, two[:1], now), planned(cast, two[1:], now)
    long_ago = now - timedelta(days=2)
    note(mine, [long_ago + n * SECOND for n in range(500)])
    for n in range(600):
        at = now + n * SECOND / 10
        note(mine if n % 3 == 0 else others, [at])
    last = Attempt.objects.latest("pk").pk
    Attempt.objects.filter(pk__in=range(last - 300, last - 240)).delete()
    found = pace(mine.pk, now=now + MINUTE)
    assert 140 <= found.count <= 220
    assert 55 * SECOND <= found.span <= MINUTE


def test_what_waits_has_a_first_and_a_last_moment(cast: Cast, now: datetime) -> None:
    some = people.opted_in(3, now=now, kind=people.marketing(now))
    dispatch = planned(cast, some, now)
    late, later = now + MINUTE, now + 7 * MINUTE
    Message.objects.filter(contact=some[0]).update(due_at=late, state="deferred")
    Message.objects.filter(contact=some[1]).update(due_at=later)
    Message.objects.filter(contact=some[2]).update(state="accepted")
    assert due_between(dispatch.pk) == (late, later)
    Message.objects.update(state="accepted")
    assert due_between(dispatch.pk) == (None, None)
