"""Links of a database that stops answering: who was known is served, nobody waits on the loop."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest
from django.db import connection

from sincerely.apps.engagement.models import Link
from sincerely.apps.engagement.queries.watermarks import capture_conninfo
from sincerely.engines.tracker import targets as module
from sincerely.engines.tracker.kept import Kept
from sincerely.engines.tracker.links import Links, PostgresLinks, SqliteLinks
from sincerely.engines.tracker.targets import Targets, Unreadable
from tests.apps.engagement.world import World
from tests.apps.sending.people import marketing

TABLE = (
    "CREATE TABLE engagement_link (id integer, mailing_id integer, number integer, url varchar(99))"
)
SESSION = (
    "SELECT pid FROM pg_stat_activity"
    " WHERE application_name = 'tracker' AND datname = current_database()"
)
ROWS = "INSERT INTO engagement_link VALUES (1, 7, 1, 'https://shop.example/dogs')"
CORRECTED = "UPDATE engagement_link SET url = 'https://shop.example/cats'"
DOGS, CATS = "https://shop.example/dogs", "https://shop.example/cats"


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("KNOWN_PATIENCE_SECONDS", "PATIENCE_SECONDS", "GIVE_UP_SECONDS"):
        monkeypatch.setattr(module, name, 0.2)
    monkeypatch.setattr(module, "AGAIN_SECONDS", 0.0)


@dataclass(frozen=True)
class Course:
    """What happens to the mailing of one link: silence, then a correction that can be read."""

    mailing_id: int
    silence: Callable[[], object]
    correct: Callable[[], object]


async def _through_silence(source: Links, course: Course) -> None:
    targets, known = Targets(source, kept_seconds=0.01), course.mailing_id
    assert await targets.find(known, 1) == DOGS
    assert await targets.find(known, 2) is None
    assert await targets.find(known + 1, 1) is None
    course.silence()
    await asyncio.sleep(0.05)
    for _ in range(5):
        assert await targets.find(known, 1) == DOGS
        for mailing_id, number in ((known, 2), (known + 1, 1), (known + 2, 1)):
            with pytest.raises(Unreadable):
                await targets.find(mailing_id, number)
    course.correct()
    async with asyncio.timeout(30):
        while await targets.find(known, 1) != CATS:  # noqa: ASYNC110 -- nobody tells
            await asyncio.sleep(0.02)
    await asyncio.to_thread(targets.close)


def test_a_locked_file(tmp_path: Path) -> None:
    """Not a writer, which disturbs no reader, but somebody who shuts everybody out."""
    db = sqlite3.connect(tmp_path / "main.sqlite3", isolation_level=None)
    db.execute(TABLE)
    db.execute(ROWS)
    course = Course(
        7,
        silence=lambda: db.execute("BEGIN EXCLUSIVE"),
        correct=lambda: (db.execute(CORRECTED), db.execute("COMMIT")),
    )
    asyncio.run(_through_silence(SqliteLinks(tmp_path / "main.sqlite3"), course))
    db.close()


@pytest.mark.engines
@pytest.mark.django_db(transaction=True)
def test_a_stopped_session(now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server process that is stopped holds the line and says nothing: it is given up."""
    if connection.vendor != "postgresql":
        pytest.skip("a session of PostgreSQL")
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")  # the test's own queries on the loop
    marketing(now)  # a test before this one may have emptied every table
    links = Link.objects.filter(mailing_id=World(now).mailing.pk)
    links.filter(number=1).update(url=DOGS)
    links.exclude(number=1).delete()
    mailing_id = links.get().mailing_id
    stopped: list[int] = []

    def silence() -> None:
        with connection.cursor() as cursor:
            cursor.execute(SESSION)
            stopped.extend(row[0] for row in cursor.fetchall())
        for pid in stopped:
            os.kill(pid, signal.SIGSTOP)

    source = PostgresLinks(capture_conninfo())
    course = Course(mailing_id, silence=silence, correct=lambda: links.update(url=CATS))
    try:
        asyncio.run(_through_silence(source, course))
        assert stopped
    finally:
        for pid in stopped:
            os.kill(pid, signal.SIGCONT)


def test_a_damaged_copy_is_made_anew(tmp_path: Path) -> None:
    """What is kept is a copy: no trouble with it stops a start."""
    kept = Kept(tmp_path / "links.sqlite3")
    kept.keep({7: {1: DOGS}, 8: {2: CATS}})
    kept.close()
    assert Kept(tmp_path / "links.sqlite3").load() == {7: {1: DOGS}, 8: {2: CATS}}
    (tmp_path / "links.sqlite3").write_bytes(b"not a database" * 100)
    kept = Kept(tmp_path / "links.sqlite3")
    assert kept.load() == {}
    kept.keep({7: {1: CATS}})
    assert kept.load() == {7: {1: CATS}}
    kept.close()
