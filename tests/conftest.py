"""What every test may ask for: a fixed time and the cast."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, settings

from tests.cast import Cast, make_cast

# A busy machine is slow at drawing examples; that says nothing about the code.
settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")

NOON = datetime(2026, 6, 15, 12, 0, tzinfo=UTC)


@pytest.fixture
def now() -> datetime:
    """A Monday in June, noon UTC."""
    return NOON


@pytest.fixture
def cast(db: None, now: datetime) -> Cast:
    """Alice owns, Bob is on the team as an editor, Vera views, Charlie is a stranger."""
    return make_cast(now)
