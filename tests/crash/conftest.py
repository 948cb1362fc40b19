"""Fixtures of the crash tests."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from pytest_django import DjangoDbBlocker

from sincerely.apps.engagement.queries import capture_store
from sincerely.apps.sending.actions.transports import route_of
from sincerely.engines.sender import lane, lanes
from sincerely.wire import clock
from sincerely.wire.capture import Store
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


@pytest.fixture
def captures(transactional_db: None) -> Iterator[Store]:
    """The capture store, empty at the start and at the end: the database's flush misses it."""
    store = capture_store()
    store.trim(store.last_id(), 1_000_000_000)
    yield store
    store = capture_store()  # the test may have had another in its place
    store.trim(store.last_id(), 1_000_000_000)


@pytest.fixture
def turned() -> Iterator[None]:
    """The clock is right again after the test."""
    yield
    clock.set_offset(timedelta(0))


@pytest.fixture
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two seconds of silence are long, and a server is not left alone for long."""

    def hurried(*arguments: object) -> object:
        found = route_of(*arguments)  # type: ignore[arg-type]
        return replace(found, reply_seconds=2.0, connect_seconds=5.0)

    monkeypatch.setattr(lanes, "route_of", hurried)
    monkeypatch.setattr(lane, "FIRST_PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(lane, "LONGEST_PAUSE_SECONDS", 0.05)
