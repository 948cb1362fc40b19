"""The folder's slices: large while nobody waits, small at once when somebody does."""

from __future__ import annotations

from datetime import datetime

import pytest
from django.db import connection, transaction

from sincerely.apps.engagement.actions import take_turn
from sincerely.engines.folder import queries
from sincerely.engines.folder.main import (
    ALONE_SECONDS,
    AWAITED_SECONDS,
    FEWEST,
    FEWEST_ALONE,
    MOST,
    Pace,
)
from sincerely.engines.folder.steps import Step

SECONDS_PER_ROW = 0.0001


def paced(
    *, is_awaited: bool, limit: int, times: int = 20, seconds_per_row: float = SECONDS_PER_ROW
) -> int:
    """Return how many rows a slice has after some slices."""

    def step(*, now: datetime, limit: int) -> Step:
        return Step(limit, is_more=True, seconds=limit * seconds_per_row, is_awaited=is_awaited)

    pace = Pace(step, limit=limit)
    for _ in range(times):
        pace.take()
    return pace.limit


@pytest.mark.django_db
def test_slices_grow_while_nobody_waits() -> None:
    wanted = min(MOST, ALONE_SECONDS[connection.vendor] / SECONDS_PER_ROW)
    assert paced(is_awaited=False, limit=FEWEST) == pytest.approx(wanted, rel=0.01)


@pytest.mark.django_db
def test_one_slice_is_enough_to_notice_who_waits() -> None:
    at_once = paced(is_awaited=True, limit=MOST, times=1)
    assert at_once == pytest.approx(AWAITED_SECONDS / SECONDS_PER_ROW, rel=0.01)


@pytest.mark.django_db
@pytest.mark.parametrize("is_awaited", [False, True])
def test_a_slow_machine_still_takes_slices_worth_their_fixed_cost(is_awaited: bool) -> None:
    fewest = FEWEST if is_awaited else FEWEST_ALONE
    assert paced(is_awaited=is_awaited, limit=MOST, seconds_per_row=0.1) == fewest


@pytest.mark.django_db
def test_no_plan_of_the_fold_holds_the_price_of_a_scan_that_was_ruled_out(now: datetime) -> None:
    """It drowned all other costs: 150 messages were looked up by reading all of them each time."""
    if connection.vendor != "postgresql":
        pytest.skip("SQLite knows no such price")
    with transaction.atomic():
        take_turn(now)
        queries.messages_of([1, 2, 3])
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN (FORMAT JSON) {queries._FACTS}")
            ((plan,),) = cursor.fetchall()[0]
    assert plan["Plan"]["Total Cost"] < 1e6
