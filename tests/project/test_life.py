"""A process shows that it lives: the row, the health port, the metrics, logs without addresses."""

from __future__ import annotations

import json
import logging
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from datetime import datetime, timedelta

import pytest
from django.conf import LazySettings

from sincerely.apps.operation import actions, queries
from sincerely.apps.operation.models import FilePiece
from sincerely.engines import pulse
from sincerely.engines.web.asking import answers
from sincerely.wire import health, metrics
from sincerely.wire.masking import without_addresses
from tests.installation import free_ports


def life(now: datetime, **changed: object) -> actions.Life:
    facts = {
        "process": "sender",
        "host": "one",
        "process_id": 7,
        "started_at": now,
        "turned_at": now,
        "memory_bytes": 1,
        "error_count": 0,
        **changed,
    }
    return actions.Life(**facts)  # type: ignore[arg-type]


def test_a_heartbeat_is_one_row_and_goes_at_the_end(db: None, now: datetime) -> None:
    actions.beat(life(now), now=now)
    actions.beat(life(now, trouble="x" * 900, error_count=2), now=now + timedelta(seconds=10))
    (row,) = queries.heartbeats()
    assert (row.error_count, len(row.trouble), row.seen_at) == (2, 300, now + timedelta(seconds=10))
    actions.rest(life(now))
    assert queries.heartbeats() == []


def test_a_killed_process_is_forgotten_once_another_has_its_place(db: None, now: datetime) -> None:
    actions.beat(life(now), now=now)
    actions.beat(life(now, host="two"), now=now)
    later = now + timedelta(minutes=2)
    actions.beat(life(later, process_id=8), now=later)
    assert [(row.host, row.process_id) for row in queries.heartbeats()] == [("one", 8), ("two", 7)]


@pytest.mark.parametrize("size", [0, 1, actions.PIECE_BYTES, 3 * actions.PIECE_BYTES + 5])
def test_a_stored_file_comes_back(db: None, tmp_path, now: datetime, size: int) -> None:  # type: ignore[no-untyped-def]
    content = bytes(n % 251 for n in range(size))
    ragged = (content[at : at + 100_001] for at in range(0, size, 100_001))
    assert actions.store("file", ragged, now=now) == size
    assert queries.local_copy("file", tmp_path / "uploads").read_bytes() == content
    assert b"".join(queries.pieces("file")) == content
    actions.forget("file")
    assert not queries.is_stored("file")
    assert not FilePiece.objects.exists()


def test_pieces_without_a_file_are_swept_a_day_later(db: None, now: datetime) -> None:
    FilePiece.objects.create(name="torn", number=1, content=b"x", stored_at=now)
    actions.store("whole", [b"y"], now=now)
    actions.sweep(now=now + timedelta(hours=1))
    assert FilePiece.objects.count() == 2
    actions.sweep(now=now + timedelta(hours=25))
    assert list(FilePiece.objects.values_list("name", flat=True)) == ["whole"]


def test_the_health_port_tells_and_notices_a_stuck_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    (port,) = free_ports(1)
    server = health.listen("127.0.0.1", port)
    try:
        metrics.turned()
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as answer:
            assert json.load(answer)["is_well"] is True
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
            assert "sincerely_captures_total" in answer.read().decode()
        monkeypatch.setattr(metrics.feeling, "turned_at", metrics.feeling.turned_at - 100)
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5)
        refused.value.close()
        assert refused.value.code == 503
    finally:
        server.shutdown()
        server.server_close()


def test_errors_are_remembered_by_their_name_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "feeling", metrics.Feeling())
    handler = metrics.Remembering(level=logging.ERROR)
    logger = logging.getLogger("test.remembering")
    logger.addHandler(handler)
    logger.propagate = False
    try:
        raise ValueError("ann@example.com")
    except ValueError:
        logger.exception("the relay refused %s", "bob@example.com")
    assert metrics.feeling.trouble == "the relay refused %s (ValueError)"
    logger.error("Task exception was never retrieved\nfuture: <Task ValueError('ann@example.com')>")
    assert metrics.feeling.trouble == "Task exception was never retrieved"
    address = "ann@example.com"
    logger.error(f"550 for <{address}>")  # noqa: G004 -- as a library may
    assert metrics.feeling.trouble == "550 for <<address>>"
    logger.error("%s: %s", "Internal Server Error", "/join/secret/")
    assert metrics.feeling.trouble == "test.remembering"
    assert metrics.feeling.error_count == 4


@pytest.mark.parametrize(
    "line",
    [
        '{"to": ["ann@example.com"], "event": "x"}',
        "failed: 550 5.1.1 <bob.o'hara+tag@mail.example.co.uk>: unknown",
        "ValueError: 'ann@example.com' in line 3",
        "RCPT TO:<søren@københavn.example>",
    ],
)
def test_no_address_stands_in_a_finished_line(line: str) -> None:
    assert "@" not in without_addresses(line)


def test_lines_for_a_collector_are_json() -> None:
    code = (
        "import django; django.setup(); import logging, structlog;"
        "logging.getLogger().setLevel('INFO');"
        "structlog.get_logger('x').info('taken', to='ann@example.com', n=3)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**__import__("os").environ, "DJANGO_SETTINGS_MODULE": "tests.settings"},
        capture_output=True,
        text=True,
        check=True,
    )
    line = json.loads(done.stderr.splitlines()[-1])
    assert (line["event"], line["n"], line["to"]) == ("taken", 3, "<address>")


@pytest.mark.django_db(transaction=True)
def test_a_living_process_writes_and_leaves(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = threading.Event()
    beat = actions.beat
    monkeypatch.setattr(metrics, "begin", lambda name: setattr(metrics.feeling, "process", name))
    monkeypatch.setattr(pulse, "_until_next", lambda: 0.05)
    monkeypatch.setattr(actions, "beat", lambda *a, **k: (beat(*a, **k), seen.set()))
    with pulse.living("runner"):
        assert seen.wait(30)
        assert [row.process for row in queries.heartbeats()] == ["runner"]
    assert queries.heartbeats() == []


def test_pages_of_which_nobody_answers_are_noticed(settings: LazySettings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:  # accepts, and no thread ever answers
        settings.WEB_ADDRESS = f"0.0.0.0:{silent.getsockname()[1]}"
        assert not answers(timeout_seconds=0.2)
    (port,) = free_ports(1)
    settings.WEB_ADDRESS = f"127.0.0.1:{port}"
    assert not answers(timeout_seconds=0.2)
    server = health.listen("127.0.0.1", port)
    assert answers()
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("answered", [True, False])
def test_only_an_answer_shows_that_pages_are_served(
    db: None, monkeypatch: pytest.MonkeyPatch, answered: bool
) -> None:
    monkeypatch.setattr(metrics, "feeling", metrics.Feeling(process="web"))
    monkeypatch.setattr(pulse, "_until_next", lambda: 0.0)
    stop = threading.Event()

    def asked() -> bool:
        stop.set()
        return answered

    pulse._work(stop, asked)
    assert (metrics.feeling.turned_at > 0) is answered


def test_a_trouble_that_lasts_is_logged_once_and_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "feeling", metrics.Feeling())
    lines: list[str] = []

    class Log:
        def error(self, event: str, **_facts: object) -> None:
            lines.append(event)
            metrics.feeling.trouble = event

        def warning(self, event: str, **_facts: object) -> None:
            lines.append(event)

    for _ in range(5):
        metrics.fails(Log(), "outcomes cannot be written")
    assert metrics.feeling.trouble_at is not None
    for _ in range(5):
        metrics.works(Log(), "outcomes cannot be written")
    assert lines == ["outcomes cannot be written", "over"]
    assert not metrics.feeling.trouble
