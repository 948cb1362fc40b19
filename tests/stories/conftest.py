"""The shop of the stories: each test has its own, with its server, tracker and clock."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.conf import LazySettings

from sincerely.apps.consent.actions import default_subscription_type
from sincerely.apps.sending.actions.transports import mailbox_transport
from sincerely.wire import clock
from tests.cast import Cast
from tests.engines.sending_world import Server, serving
from tests.installation import free_ports
from tests.stories.shop import Shop, forget_captures, tracking


@pytest.fixture
def now() -> datetime:
    """The present: the engines ask the clock themselves."""
    return datetime.now(UTC)


@pytest.fixture
def shop(
    transactional_db: None, cast: Cast, settings: LazySettings, tmp_path: Path
) -> Iterator[Shop]:
    """A shop with a receiving server and a tracker, both on loopback."""
    port = free_ports(1)[0]
    settings.CAPTURE_PATH = tmp_path / "capture.sqlite3"
    settings.MAILBOX_PATH = tmp_path / "mailbox.sqlite3"
    settings.TRACKER_ADDRESS = f"127.0.0.1:{port}"
    settings.TRACKER_URL = f"http://127.0.0.1:{port}"
    settings.PUBLIC_URL = "http://127.0.0.1:1"
    forget_captures()
    mailbox_transport(now=clock.now())  # a flush took what the migrations had put there
    default_subscription_type(clock.now())
    with serving(Server()) as server:
        settings.MAILBOX_ADDRESS = f"127.0.0.1:{server.port}"
        with tracking(port):
            yield Shop(cast, server, port)
    clock.set_offset(timedelta(0))
    forget_captures()
