"""Fixtures of a test that compares other processes or the system's own times with itself.

Import both into a conftest or a test file: they take the place of those of tests/conftest.py.
Such a test may only say how far from `now` something is, never on which date.
"""

from __future__ import annotations

from datetime import UTC, datetime

import pytest


@pytest.fixture
def on_monday() -> None:
    """Stay in the present."""


@pytest.fixture
def now() -> datetime:
    """The real time, in UTC."""
    return datetime.now(UTC)
