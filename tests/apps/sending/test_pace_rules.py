"""A pace is said only where enough is known, and the time left follows from it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sincerely.apps.sending.rules.pace import Pace, rounded

NOTHING = timedelta(0)
MINUTE = timedelta(minutes=1)


def test_the_rest_takes_as_long_as_what_left_lately_says() -> None:
    pace = Pace(600, MINUTE)
    assert pace.per_hour == 36_000
    assert pace.time_left(6000, until_last_due=NOTHING) == timedelta(minutes=10)
    assert pace.time_left(6000, until_last_due=timedelta(hours=3)) == timedelta(hours=3)


@pytest.mark.parametrize(
    "little", [Pace(0, NOTHING), Pace(9, MINUTE), Pace(50_000, timedelta(seconds=9))]
)
def test_nothing_is_said_while_too_little_is_known(little: Pace) -> None:
    assert not little.is_known
    assert little.per_hour == 0
    assert little.time_left(100, until_last_due=MINUTE) is None


def test_two_digits_count() -> None:
    assert [rounded(n) for n in (0.6, 17.4, 99.4, 99.6, 1449, 266_123)] == [
        1,
        17,
        99,
        100,
        1400,
        270_000,
    ]


@given(
    count=st.floats(10, 1e7),
    seconds=st.integers(10, 900),
    rest=st.integers(0, 10**7),
    more=st.integers(0, 10**6),
)
def test_more_to_do_never_takes_less(count: float, seconds: int, rest: int, more: int) -> None:
    pace = Pace(count, timedelta(seconds=seconds))
    some = pace.time_left(rest, until_last_due=NOTHING)
    all_of_it = pace.time_left(rest + more, until_last_due=NOTHING)
    assert some is not None
    assert all_of_it is not None
    assert NOTHING <= some <= all_of_it


@given(st.floats(0, 1e9))
def test_rounding_is_off_by_a_twentieth_at_most(number: float) -> None:
    assert abs(rounded(number) - number) <= max(0.5, number / 20)
