"""The folder's turns do not wait for the disk; the commit that makes them final does."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from typing import Any

import pytest
from django.db import connection

from sincerely.apps.engagement import actions as engagement
from sincerely.engines.folder import steps

pytestmark = pytest.mark.django_db(transaction=True)
FLUSHES = {"sqlite": "PRAGMA synchronous=FULL", "postgresql": "SET synchronous_commit = on"}
WAITS: dict[str, Any] = {"sqlite": 2, "postgresql": "on"}
DOES_NOT: dict[str, Any] = {"sqlite": 1, "postgresql": "off"}


@pytest.fixture(autouse=True)
def _as_installed(transactional_db: None) -> Iterator[None]:
    """Have this connection flush, as in an installation and unlike in other tests."""
    with connection.cursor() as cursor:
        cursor.execute(FLUSHES[connection.vendor])
    yield
    connection.close()


def level() -> Any:
    """Return how the next commit of this connection waits for the disk."""
    ask = "PRAGMA synchronous" if connection.vendor == "sqlite" else "SHOW synchronous_commit"
    with connection.cursor() as cursor:
        cursor.execute(ask)
        return cursor.fetchone()[0]


@pytest.mark.parametrize("fails", [False, True])
def test_only_the_commit_of_a_turn_does_not_wait(now: datetime, fails: bool) -> None:
    with suppress(ZeroDivisionError), steps.a_turn(now):
        assert level() == DOES_NOT[connection.vendor]
        assert not fails or 1 / 0
    assert level() == WAITS[connection.vendor]


def test_captures_are_deleted_after_a_commit_that_waits(
    now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = []
    monkeypatch.setattr(engagement, "move", lambda *_, **__: found.append(level()))
    steps.trim_captures(now=now)
    assert found == [WAITS[connection.vendor]]
