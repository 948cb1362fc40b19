"""What every test may ask for: a fixed time and the cast.

No test may depend on the day on which it runs. In every test the whole process is therefore on
the fixture's Monday (`on_monday` below): `now`, the business clock, Django's sessions and signed
links, and the wall clock of threads all say the same. Time passes from there, and a test that
wants another time travels on. `time.monotonic` stays real, so waiting and leases work.

A process that a test starts is on the real date. Tests that compare such a process with
themselves stay in the present: their folder's conftest overrides `on_monday` and `now` with those
of `tests/present.py`, and their assertions may only name differences from `now`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import time_machine
from django.db import connection
from hypothesis import HealthCheck, settings
from pytest_django import DjangoDbBlocker

from sincerely.apps.engagement.queries import capture_store
from tests.cast import Cast, make_cast

# A busy machine is slow at drawing examples; that says nothing about the code. The examples are the
# same on every machine: new ones are for who changes a rule (`pytest --hypothesis-profile=search`),
# not for who lands another change and meets one in a thousand.
settings.register_profile(
    "house", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
settings.register_profile("search", settings.get_profile("house"), derandomize=False)
settings.load_profile("house")

NOON = datetime(2026, 6, 15, 12, 0, tzinfo=UTC)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out, beside PostgreSQL, what asks for no database: it ran beside SQLite."""
    if connection.vendor != "postgresql":
        return
    chosen = [item for item in items if _asks_for_a_database(item)]
    config.hook.pytest_deselected(items=list(set(items) - set(chosen)))
    items[:] = chosen


def _asks_for_a_database(item: pytest.Item) -> bool:
    fixtures = set(getattr(item, "fixturenames", ()))
    marks = {mark.name for mark in item.iter_markers()}
    return bool({"db", "transactional_db", "django_db_setup"} & fixtures) or bool(
        {"django_db", "engines"} & marks
    )


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """End every other session before the test database is dropped (PostgreSQL refuses else)."""
    yield
    if connection.vendor != "postgresql":
        return
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        capture_store().close()  # this thread's has been open since the first test that looked
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


@pytest.fixture(autouse=True)
def on_monday() -> Iterator[None]:
    """Have the test, all of its fixtures and its threads on that Monday."""
    with time_machine.travel(NOON, tick=True):
        yield


@pytest.fixture
def now() -> datetime:
    """A Monday in June, noon UTC."""
    return NOON


@pytest.fixture
def cast(db: None, now: datetime) -> Cast:
    """Alice owns, Bob is on the team as an editor, Vera views, Charlie is a stranger."""
    return make_cast(now)
