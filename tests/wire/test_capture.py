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
from sincerely.wire.capture.postgres import INSERT


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
    for number in range(4):
        store.append([capture(number, UNSUBSCRIBE)])
    last = store.last_id()
    late, early = 1_000_002, 0
    assert store.trim(last, 10, before_us=early) == 0
    assert store.trim(last, 1, before_us=late + 10) == 1
    assert store.trim(last, 10, before_us=late) == 1
    assert [row.capture.message_id for row in store.read(0, 10)] == [2, 3]
    assert store.unfolded_unsubscribes(0) == [2, 3]
    assert store.trim(last - 1, 10) == 1
    assert store.trim(last, 10) == 1
    assert store.unfolded_unsubscribes(0) == []
    store.append([capture(9)])
    assert store.read(last, 10)[0].id > last


def test_a_store_that_was_replaced_gives_no_id_that_was_folded(store: Store) -> None:
    mark = store.last_id() + 1_234
    store.begin_after(mark)
    store.append([capture(1)])
    assert store.read(mark, 10)[0].id == store.last_id() > mark


def test_many_captures_are_several_batches_and_read_in_slices(store: Store) -> None:
    start = store.last_id()
    store.append([capture(n, UNSUBSCRIBE if n == 600 else CLICK) for n in range(700)])
    seen: list[int] = []
    while rows := store.read(start, 90):
        seen += [row.capture.message_id for row in rows]
        start = rows[-1].id
    assert seen == list(range(700))
    assert store.unfolded_unsubscribes(0) == [600]


def test_text_that_no_database_likes_does_no_harm(store: Store) -> None:
    start = store.last_id()
    odd = capture(1)._replace(user_agent='a\0b \\u0000 "c"\n')
    store.append([odd])
    assert store.read(start, 1)[0].capture.user_agent == 'ab \\u0000 "c"\n'


def test_a_slow_tracker_does_not_lose_its_row(store: Store) -> None:
    """PostgreSQL: whoever comes after a batch that is not committed yet waits for it."""
    if connection.vendor != "postgresql":
        pytest.skip("SQLite's writers are serial")
    start, conninfo = store.last_id(), capture_conninfo()
    with psycopg.connect(conninfo) as slow:
        body = '[[1,2,3,77,"6e6f6e636521",1,"","","GET","",false]]'
        slow.execute(INSERT, (1, body, [], []))
        other = open_store(Path("unused"), conninfo)
        quick = threading.Thread(target=other.append, args=([capture(2)],))
        quick.start()
        while not _waits(conninfo):
            assert quick.is_alive()
        assert store.read(start, 10) == []
    quick.join()
    other.close()
    assert [row.capture.message_id for row in store.read(start, 10)] == [77, 2]


def _waits(conninfo: str) -> bool:
    with psycopg.connect(conninfo) as watching:
        locks = "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
        return watching.execute(locks).fetchone() is not None


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
