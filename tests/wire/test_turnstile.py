"""The turnstile before SQLite: its holder sees who waits, and writers take turns."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from django.db import OperationalError, connections

from sincerely.wire.sqlite.base import DatabaseWrapper
from sincerely.wire.sqlite.turnstile import somebody_waits


@pytest.fixture
def two(tmp_path: Path) -> list[DatabaseWrapper]:
    """Two connections to one file, as two processes have them."""
    wanted = connections.configure_settings(
        {"default": {"ENGINE": "sincerely.wire.sqlite", "NAME": str(tmp_path / "a.sqlite3")}}
    )["default"]
    wanted["OPTIONS"] = {"transaction_mode": "IMMEDIATE", "check_same_thread": False}
    made = [DatabaseWrapper(wanted, "default") for _ in range(2)]
    for each in made:
        each.inc_thread_sharing()
    return made


def begin(connection: DatabaseWrapper) -> None:
    connection.ensure_connection()
    connection.set_autocommit(autocommit=False, force_begin_transaction_with_broken_autocommit=True)


def end(connection: DatabaseWrapper) -> None:
    connection.commit()
    connection.set_autocommit(autocommit=True)


@pytest.mark.django_db
def test_who_holds_the_turnstile_sees_who_waits(two: list[DatabaseWrapper]) -> None:
    holder, visitor = two
    begin(holder)
    assert not holder.has_waiters()
    inside = threading.Event()

    def come() -> None:
        begin(visitor)
        inside.set()
        end(visitor)
        visitor.close()

    thread = threading.Thread(target=come)
    thread.start()
    while not holder.has_waiters():
        assert not inside.is_set(), "the visitor came in beside the holder"
    end(holder)
    thread.join(10)
    assert inside.is_set()
    begin(holder)
    assert not holder.has_waiters(), "nobody waits any more"
    end(holder)
    holder.close()


@pytest.mark.django_db
def test_outside_a_transaction_nobody_waits_for_us() -> None:
    assert not somebody_waits()


@pytest.mark.django_db
def test_the_log_is_copied_back_while_somebody_else_writes(
    two: list[DatabaseWrapper], tmp_path: Path
) -> None:
    bulk, visitor = two
    with bulk.cursor() as cursor:
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("CREATE TABLE sentences (words TEXT)")
        cursor.execute("INSERT INTO sentences VALUES ('a sentence to be found')")
    file = tmp_path / "a.sqlite3"
    assert b"to be found" not in file.read_bytes()
    begin(visitor)
    bulk.copy_back()
    assert b"to be found" in file.read_bytes()
    end(visitor)
    for each in two:
        each.close()


@pytest.mark.django_db
def test_a_file_that_was_moved_away_is_not_made_anew(two: list[DatabaseWrapper]) -> None:
    """An empty installation would take its place, and nobody would ask where the people are."""
    writer, visitor = two
    begin(writer)
    end(writer)
    writer.close()
    path = Path(writer.settings_dict["NAME"])
    moved = path.rename(path.with_name("elsewhere"))
    with pytest.raises(OperationalError, match="not there any more"):
        visitor.ensure_connection()
    assert not path.exists()
    moved.rename(path)
    begin(visitor)
    end(visitor)
    visitor.close()
