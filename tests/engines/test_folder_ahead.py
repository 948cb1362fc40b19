"""Reading ahead: each slice once, in order; what goes wrong while reading is heard."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from typing import Any

import pytest
from django.db import DatabaseError, connection, connections, transaction

from sincerely.engines.folder.ahead import read_ahead

pytestmark = pytest.mark.django_db(transaction=True)


def _slices(count: int, readers: set[str], *, ends: bool = True) -> Iterator[int]:
    for number in range(count):
        readers.add(threading.current_thread().name[:5])
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        yield number
    if not ends:
        raise DatabaseError("the connection is gone")


def _read(
    slices: Iterator[int], goes_on: Callable[[], bool], *, lets_go: bool = False
) -> closing[Generator[int, None, None]]:
    return closing(read_ahead(slices, goes_on=goes_on, lets_go=lambda: lets_go))


def test_each_slice_comes_once_and_two_threads_read() -> None:
    readers = set[str]()
    with (
        transaction.atomic(),
        _read(_slices(9, readers), lambda: True) as read,
    ):
        assert list(read) == list(range(9))
    assert readers == {"MainT", "ahead"}


def test_the_second_thread_leaves_no_session_behind() -> None:
    there: set[Any] = set()

    def slices() -> Iterator[int]:
        for number in _slices(3, set()):
            there.add(connections["default"])
            yield number

    with transaction.atomic(), _read(slices(), lambda: True) as read:
        assert list(read) == [0, 1, 2]
    (other,) = there - {connections["default"]}
    assert other.connection is None


@pytest.mark.parametrize("count", [1, 2, 5])
def test_an_error_while_reading_is_heard(count: int) -> None:
    """Neither the end nor the last slice again: the whole turn is undone."""
    seen: list[int] = []
    with (
        _read(_slices(count, set(), ends=False), lambda: True) as read,
        pytest.raises(DatabaseError),
    ):
        seen.extend(read)
    assert seen == list(range(count))


def test_it_stops_with_what_was_read_when_it_did_not_go_on() -> None:
    left = iter([True, True, False])
    with _read(_slices(9, set()), lambda: next(left, False)) as read:
        assert list(read) == [0, 1, 2]


def test_it_leaves_what_was_read_where_it_must_let_go() -> None:
    with _read(_slices(9, set()), lambda: True, lets_go=True) as read:
        assert list(read) == [0]


def test_within_somebodys_transaction_one_thread_reads() -> None:
    """Another connection would not see what that one has done."""
    readers = set[str]()
    with (
        transaction.atomic(),
        transaction.atomic(),
        _read(_slices(5, readers), lambda: True) as read,
    ):
        assert list(read) == list(range(5))
    assert readers == {"MainT"}
