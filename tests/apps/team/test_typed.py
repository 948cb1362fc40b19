"""A number that is asked for may be typed as any language groups it."""

from __future__ import annotations

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from sincerely.apps.team.numbers import grouped
from sincerely.apps.team.typed import asked_for, is_number


@given(st.integers(0, 10**9), st.sampled_from(["en", "nl", "sv", "da"]))
def test_what_any_language_shows_is_taken(count: int, language: str) -> None:
    with translation.override(language):
        assert is_number(f" {grouped(count)} ", count)


@pytest.mark.parametrize(
    "typed", ["3000", "3,000", "3.000", "3 000", "3\u00a0000", "3\u202f000", "3\u2009000", "3'000"]
)
def test_three_thousand(typed: str) -> None:
    assert is_number(typed, 3000)
    assert not is_number(typed, 3001)


@pytest.mark.parametrize("typed", ["", "300", "30000", "x3000", "3000 people", "-3000", "3k"])
def test_nothing_else_is(typed: str) -> None:
    assert not is_number(typed, 3000)


def test_only_many_or_what_always_asks_is_asked_for() -> None:
    with translation.override("en"):
        assert [asked_for(n) for n in (1, 1000, 1001)] == ["", "", "1,001"]
        assert asked_for(2, always=True) == "2"
