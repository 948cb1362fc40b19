"""Fixtures of the crash tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytest_django import DjangoDbBlocker

from tests.crash.nursery import Nursery


@pytest.fixture(scope="session")
def mother(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Nursery]:
    """The nursery of this run; it touches the test database only by its children."""
    with django_db_blocker.unblock():
        made = Nursery()
    yield made
    made.close()


@pytest.fixture
def nursery(transactional_db: None, mother: Nursery) -> Iterator[Nursery]:
    """The nursery for one test: empty at its start and at its end."""
    mother.kill_count = 0
    yield mother
    mother.clear()
