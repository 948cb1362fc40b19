"""The demo's visitors are believable and repeatable."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sincerely.project.demo import visitors

ADDRESSES = [f"c{n:05d}@example.com" for n in range(4000)]


def test_delays_have_the_published_median_and_bounds() -> None:
    delays = [visit.delay_seconds for visit in visitors.visits(ADDRESSES, seed=1)]
    assert min(delays) >= 40
    assert max(delays) <= 14 * 86_400
    assert 2.0 * 3600 < float(np.median(delays)) < 4.2 * 3600
    assert delays == sorted(delays)


def test_the_same_seed_gives_the_same_visits() -> None:
    assert visitors.visits(ADDRESSES, seed=3) == visitors.visits(ADDRESSES, seed=3)


@given(st.sets(st.integers(0, 200_000), max_size=200))
def test_each_contact_has_a_loopback_address_of_its_own(numbers: set[int]) -> None:
    sources = {visitors.loopback_of(number) for number in numbers}
    assert len(sources) == len(numbers)
    assert all(source.startswith("127.") for source in sources)


@given(st.integers(1, 400))
def test_steps_lose_nobody(count: int) -> None:
    planned = visitors.visits(ADDRESSES[:300], seed=2)
    groups = visitors.steps(planned, count=count)
    assert [visit for group in groups for visit in group] == planned
    assert len(groups) <= count
