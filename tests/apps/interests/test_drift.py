"""How interests drift: what became of each in 90 days, and whose leading interest changed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.core.cache import cache
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from sincerely.apps.contacts.actions import create_contact
from sincerely.apps.engagement.models import Delivery
from sincerely.apps.interests import queries
from sincerely.apps.interests.rules.drift import ALIVE, Drift, Move, Period, leading, move
from sincerely.apps.interests.rules.strength import Clicks, Strength, pooled_rate
from sincerely.apps.labels.models import Label
from sincerely.wire import clock
from tests.apps.interests.clicks import clicking
from tests.cast import Cast

NOON = datetime(2026, 6, 15, 12, tzinfo=UTC)
strengths = st.floats(0, 50)


@given(strengths, strengths)
def test_every_living_interest_has_one_move(before: float, after: float) -> None:
    became = move(before, after)
    assert (became is None) == (before < ALIVE and after < ALIVE)
    assert (became is Move.EXPIRED) == (before >= ALIVE > after)
    assert (became is Move.GAINED) == (after >= ALIVE > before)


@given(st.dictionaries(st.integers(1, 9), strengths))
def test_leading_is_the_strongest_living(given_strengths: dict[int, float]) -> None:
    leader = leading(given_strengths)
    if leader is None:
        assert all(value < ALIVE for value in given_strengths.values())
    else:
        assert given_strengths[leader] == max(given_strengths.values())


def test_clicks_since_do_not_count_for_then() -> None:
    period = Period(NOON - timedelta(days=90), NOON, 60)
    clicks = [Clicks(NOON - timedelta(days=150), human=4), Clicks(NOON, human=1)]
    before, after = period.at_both(clicks)
    assert before == pytest.approx(2.0)
    assert after == pytest.approx(4 * 2**-2.5 + 1)


def test_a_new_leader_is_noted() -> None:
    drift = Drift()
    clicks = {1: [Clicks(NOON - timedelta(days=100), human=2)], 2: [Clicks(NOON, human=1)]}
    drift.add(7, clicks, Period(NOON - timedelta(days=90), NOON, 60))
    assert drift.changed == [(7, 1, 2)]
    assert drift.moves == {1: {Move.FADED: 1}, 2: {Move.GAINED: 1}}


@pytest.mark.requirement("R026")
def test_report_shows_what_became_of_the_interests(cast: Cast, client: Client) -> None:
    now = clock.now()  # the page's
    ann = create_contact("ann@example.com", now=now, actor=cast.actor)
    dogs = Label.objects.create(name="Honden", created_at=now)
    cats = Label.objects.create(name="Katten", created_at=now)
    clicking(dogs, now=now).click(ann, at=now - timedelta(days=95))
    clicking(cats, now=now).click(ann, at=now)
    client.force_login(cast.alice)
    page = client.get("/people/labels/drift/").content.decode()
    assert "ann@example.com" in page
    found, one_in = queries.drift(now=now)
    assert one_in == 1
    assert found.moves == {dogs.pk: {Move.EXPIRED: 1}, cats.pk: {Move.GAINED: 1}}


def test_own_rate_is_drawn_to_the_usual_one_while_little_is_known() -> None:
    assert pooled_rate(0, seen=0) == pytest.approx(0.05)
    assert pooled_rate(1, seen=1) < 0.1
    assert pooled_rate(400, seen=1000) == pytest.approx(0.38, abs=0.01)


def test_a_click_on_what_everybody_clicks_says_less(cast: Cast, now: datetime) -> None:
    """The same click: likely or strong for a label that few click on, nothing where all do."""
    cache.clear()
    common = clicking(Label.objects.create(name="Honden", created_at=now), now=now)
    rare = clicking(Label.objects.create(name="Katten", created_at=now), now=now)
    people = [create_contact(f"p{n}@example.com", now=now, actor=cast.actor) for n in range(100)]
    for one in people:
        for link in (common, rare):
            Delivery.objects.create(
                contact=one,
                mailing=link.mailing,
                message_id=one.pk,
                sent_at=now,
                human_open_count=1,
                first_open_at=now,
            )
        common.click(one, at=now)
    rare.click(people[0], at=now)
    held = {one.label.name: one.sureness for one in queries.labels_of(people[0].pk, now=now)}
    assert held == {"Honden": Strength.UNKNOWN, "Katten": Strength.STRONG}
