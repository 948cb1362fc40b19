"""Strength fades by half-lives; the class says how sure we are."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from sincerely.apps.contacts.actions import create_contact
from sincerely.apps.interests import queries
from sincerely.apps.interests.actions import assign, remove
from sincerely.apps.interests.rules.strength import (
    Clicks,
    Evidence,
    Strength,
    classify,
    strength,
)
from sincerely.apps.labels.models import Label
from tests.apps.interests.clicks import clicking
from tests.cast import Cast

NOON = datetime(2026, 6, 15, 12, tzinfo=UTC)


@pytest.mark.requirement("R026")
def test_strength_is_half_after_a_half_life_and_the_count_stays(cast: Cast, now: datetime) -> None:
    ann = create_contact("ann@example.com", now=now, actor=cast.actor)
    clicking(Label.objects.create(name="Honden", created_at=now), now=now).click(ann, at=now)
    fresh = queries.labels_of(ann.pk, now=now)[0]
    faded = queries.labels_of(ann.pk, now=now + timedelta(days=60))[0]
    assert abs(fresh.strength - 1.0) < 1e-6
    assert abs(faded.strength - 0.5) < 1e-6
    assert faded.click_count == 1


def test_a_label_judges_its_holders_as_their_own_pages_do(
    cast: Cast, client: Client, now: datetime
) -> None:
    dogs = Label.objects.create(name="Honden", created_at=now)
    people = [
        create_contact(f"{name}@example.com", now=now, actor=cast.actor)
        for name in ("told", "ann", "bea", "lost")
    ]
    told, ann, bea, lost = people
    assign(told.pk, dogs.pk, route="import", now=now, actor=cast.actor)
    source = clicking(dogs, now=now)
    for person, count in ((ann, 1), (bea, 3), (lost, 2)):
        for hour in range(count):
            source.click(person, at=now - timedelta(hours=hour))
    remove(lost.pk, dogs.pk, route="manual", now=now, actor=cast.actor)
    assert queries.label_figures(dogs.pk).by_click_count == [
        ("0", 1), ("1", 1), ("2–4", 1), ("5–9", 0), ("10+", 0),
    ]  # fmt: skip
    client.force_login(cast.alice)
    shown = client.get(f"/people/labels/{dogs.pk}/").context["people"]
    assert [person.pk for person, _held in shown] == [bea.pk, ann.pk, told.pk]
    for person, held in shown:
        own = queries.labels_of(person.pk, now=now)[0]
        assert (held.clicks, held.sureness) == (own.click_count, own.sureness)
    assert shown[2][1].sureness in {Strength.STRONG, Strength.LIKELY}
    rest = client.get(f"/people/labels/{dogs.pk}/?after=3-{bea.pk}").context["people"]
    assert [person.pk for person, _held in rest] == [ann.pk, told.pk]


@given(st.floats(0, 400), st.floats(1, 400), st.integers(1, 50))
def test_decay_is_exact(age_days: float, half_life: float, count: int) -> None:
    clicks = [Clicks(at=NOON - timedelta(days=age_days), human=count)]
    expected = count * 2 ** (-age_days / half_life)
    assert strength(clicks, now=NOON, half_life_days=half_life) == pytest.approx(
        expected, rel=1e-6, abs=1e-9
    )


@given(st.floats(0, 30), st.floats(0, 30), st.floats(0.005, 0.5))
def test_more_clicks_never_make_an_interest_less_sure(
    clicks: float, exposures: float, mean: float
) -> None:
    order = [Strength.NOT, Strength.UNKNOWN, Strength.LIKELY, Strength.STRONG]
    less = classify(Evidence(clicks=clicks, exposures=exposures), mean_rate=mean)
    more = classify(Evidence(clicks=clicks + 1, exposures=exposures), mean_rate=mean)
    assert order.index(more) >= order.index(less)


def test_classes_of_plain_cases() -> None:
    assert classify(Evidence(), mean_rate=0.05) is Strength.UNKNOWN
    assert classify(Evidence(clicks=3, exposures=4), mean_rate=0.05) is Strength.STRONG
    assert classify(Evidence(declared=1), mean_rate=0.05) is Strength.STRONG
    assert classify(Evidence(exposures=80), mean_rate=0.05) is Strength.NOT
