"""Roles, the last owner, contrast."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sincerely.apps.team.rules import (
    ROLE_ORDER,
    Capability,
    Role,
    contrast,
    leaves_an_owner,
    matrix,
    may,
)

COLOURS = st.integers(0, 0xFFFFFF).map(lambda n: f"#{n:06x}")


def test_unknown_role_may_nothing() -> None:
    assert not any(may("admin", capability) for capability in Capability)


@pytest.mark.parametrize("role", [Role.ANALYST, Role.VIEWER])
def test_readers_change_nothing(role: Role) -> None:
    changing = [one for one in Capability if one.value.startswith(("edit_", "send"))]
    assert not any(may(role, one) for one in changing)


def test_matrix_agrees_with_may() -> None:
    for capability, allowed in matrix():
        assert allowed == [may(role, capability) for role in ROLE_ORDER]


@given(st.frozensets(st.integers(1, 9)), st.integers(1, 9))
def test_somebody_else_must_own(owners: frozenset[int], member: int) -> None:
    assert leaves_an_owner(owners, member) == any(one != member for one in owners)


@given(COLOURS, COLOURS)
def test_contrast_is_symmetric_and_bounded(one: str, other: str) -> None:
    assert contrast(one, other) == contrast(other, one)
    assert 1 <= contrast(one, other) <= 21.01


def test_contrast_of_black_and_white() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
