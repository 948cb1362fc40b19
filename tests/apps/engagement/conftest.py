"""A world whose captures are its own."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
from django.conf import LazySettings

from sincerely.apps.engagement.queries import watermarks
from tests.apps.engagement.world import World


@pytest.fixture
def world(
    db: None,
    now: datetime,
    settings: LazySettings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> World:
    """A mailing with labelled links, and an empty capture file of its own.

    The file also stands in on PostgreSQL: the capture table shows no row as long as an older
    transaction runs, and a test is one (tests/wire/test_capture.py covers the table).
    """
    settings.CAPTURE_PATH = tmp_path / "capture.sqlite3"
    monkeypatch.setattr(watermarks, "capture_conninfo", lambda: "")
    return World(now)
