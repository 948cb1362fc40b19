"""What every test may ask for: a fixed time and the cast."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.cast import Cast, make_cast

NOON = datetime(2026, 6, 15, 12, 0, tzinfo=UTC)


@pytest.fixture
def now() -> datetime:
    """A Monday in June, noon UTC."""
    return NOON


@pytest.fixture
def cast(db: None, now: datetime) -> Cast:
    """Alice owns, Bob is on the team as an editor, Vera views, Charlie is a stranger."""
    return make_cast(now)
