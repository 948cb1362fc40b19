"""The capture store: the same contract for the file and the table; group commit on top."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import psycopg
import pytest
from django.db import connection

from sincerely.apps.engagement.queries.watermarks import capture_conninfo
from sincerely.wire.capture import (
    CLICK,
    UNSUBSCRIBE,
    Capture,
    GroupWriter,
    Overloaded,
    Store,
    open_store,
)


def capture(number: int, kind: int = CLICK) -> Capture:
    return Capture(
        at_us=1_000_000 + number,
        kind=kind,
        mailing_id=3,
        message_id=number,
        nonce=b"\x00\xff\x01nce"[:6],
        link_number=2,
        ip="2001:db8::1",
        user_agent="Mozilla/5.0 'quoted' é",
        headers='{"purpose": "prefetch"}',
        is_simulated=number % 2 == 0,
    )


@pytest.fixture
def store(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Store]:
    """The store of the database under test; a fresh, empty one."""
    conninfo = ""
    if connection.vendor == "postgresql":
        request.getfixturevalue("db")
        conninfo = capture_conninfo()
    opened = open_store(tmp_path / "capture.sqlite3", conninfo)
    opened.trim(2**40, 2**40)
    yield opened
    opened.close()


def test_rows_come_back_as_they_went_in_and_in_order(store: Store) -> None:
    start = store.last_id()
    store.append([capture(n) for n in range(1, 6)])
    rows = store.read(start, 3)
    assert [row.capture for row in rows] == [capture(1), capture(2), capture(3)]
    assert [row.capture.message_id for row in store.read(rows[-1].id, 10)] == [4, 5]
    assert store.last_id() == store.read(start, 10)[-1].id


def test_unsubscribes_above_the_mark_are_found(store: Store) -> None:
    store.append([capture(1), capture(2, UNSUBSCRIBE), capture(3, UNSUBSCRIBE)])
    first = next(row.id for row in store.read(0, 10) if row.capture.kind == UNSUBSCRIBE)
    assert store.unfolded_unsubscribes(0) == [2, 3]
    assert store.unfolded_unsubscribes(first) == [3]


def test_trimmed_ids_are_not_used_again(store: Store) -> None:
    store.append([capture(n) for n in range(3)])
    last = store.last_id()
    assert store.trim(last, 2) == 2
    assert store.trim(last, 10) == 1
    store.append([capture(9)])
    assert store.read(0, 10)[0].id > last


def test_a_slow_transaction_does_not_lose_its_row(store: Store) -> None:
    """PostgreSQL: a row whose transaction is still open keeps later rows from being read."""
    if connection.vendor != "postgresql":
        pytest.skip("SQLite's writers are serial")
    start = store.last_id()
    with psycopg.connect(capture_conninfo()) as slow:
        slow.execute("SELECT pg_current_xact_id()")
        store.append([capture(2)])
        assert store.read(start, 10) == []
        slow.execute(
            "INSERT INTO capture (xid, at_us, kind, mailing_id, message_id, nonce, link_number, ip,"
            " user_agent, method, headers, is_simulated)"
            " SELECT pg_current_xact_id(), 1, 2, 3, 77, 'nonce!', 1, '', '', 'GET', '', false"
        )
    assert {row.capture.message_id for row in store.read(start, 10)} == {2, 77}


class Flaky:
    """A double of the store that refuses as long as it is told to."""

    def __init__(self) -> None:
        self.kept: list[Capture] = []
        self.batches: list[int] = []
        self.works = threading.Event()

    def append(self, captures: Sequence[Capture]) -> None:
        if not self.works.is_set():
            raise sqlite3.OperationalError("database or disk is full")
        self.kept.extend(captures)
        self.batches.append(len(captures))

    def close(self) -> None:
        pass


def test_group_commit_answers_only_what_is_stored(tmp_path: Path) -> None:
    path = tmp_path / "group.sqlite3"

    async def scenario() -> int:
        writer = GroupWriter(lambda: open_store(path), asyncio.get_running_loop())
        for number in range(200):
            await asyncio.shield(writer.put(capture(number)))
        await asyncio.gather(*(asyncio.shield(writer.put(capture(n))) for n in range(800)))
        reader = open_store(path)
        seen = len(reader.read(0, 5_000))
        reader.close()
        writer.close()
        return seen

    assert asyncio.run(scenario()) == 1_000


def test_a_failing_store_is_tried_again_and_then_overload_is_said() -> None:
    flaky = Flaky()

    async def scenario() -> None:
        writer = GroupWriter(lambda: flaky, asyncio.get_running_loop(), most_waiting=5)  # type: ignore[arg-type,return-value]
        first = writer.put(capture(0))
        while not writer.is_failing:  # noqa: ASYNC110 -- set by another thread
            await asyncio.sleep(0.01)
        later = [writer.put(capture(n)) for n in range(1, 6)]
        with pytest.raises(Overloaded):
            writer.put(capture(6))
        assert not first.done()
        flaky.works.set()
        await asyncio.wait_for(asyncio.gather(*map(asyncio.shield, [first, *later])), 10)
        writer.close()

    asyncio.run(scenario())
    assert [kept.message_id for kept in flaky.kept] == [0, 1, 2, 3, 4, 5]
    assert flaky.batches == [1, 5]


def test_what_cannot_be_stored_at_the_end_is_not_called_stored() -> None:
    flaky = Flaky()

    async def scenario() -> None:
        writer = GroupWriter(lambda: flaky, asyncio.get_running_loop())  # type: ignore[arg-type,return-value]
        promise = writer.put(capture(0))
        writer.close()
        with pytest.raises(Overloaded):
            await promise

    asyncio.run(scenario())
