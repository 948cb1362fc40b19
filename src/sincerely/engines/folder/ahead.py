"""Reading ahead: while one slice is written, a second thread reads and judges the next.

The database does its part of the work outside the interpreter, so the two overlap. The thread reads
by a connection of its own what was committed before the turn, and nobody else writes meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from django.db import connection

from sincerely.apps.engagement.actions import by_index

Slice = TypeVar("Slice")


def read_ahead(
    slices: Iterator[Slice], *, goes_on: Callable[[], bool], lets_go: Callable[[], bool]
) -> Generator[Slice, None, None]:
    """Yield slices as long as it goes on, each while the next one is read.

    The one that was read meanwhile is the last, unless it must let go at once. The first is read
    here, so that nothing is begun where little is due. Close it when done.
    """
    thread_reads = False
    with ThreadPoolExecutor(1, thread_name_prefix="ahead") as thread:
        try:
            slice_ = next(slices, None)
            while slice_ is not None:
                is_last = not goes_on()
                coming = None if is_last or not _may_part() else thread.submit(_next, slices)
                thread_reads = thread_reads or coming is not None
                yield slice_
                if is_last or lets_go():
                    return
                slice_ = coming.result() if coming else next(slices, None)
        finally:
            if thread_reads:
                thread.submit(_close)


def _next(slices: Iterator[Slice]) -> Slice | None:
    with by_index():
        return next(slices, None)


def _close() -> None:
    connection.close()  # that of the thread which runs this


def _may_part() -> bool:
    """Say whether another connection sees all that this one did before its transaction.

    Not where the database is in memory, nor inside somebody's transaction.
    """
    wrapper: Any = connection
    is_private = wrapper.vendor == "sqlite" and wrapper.is_in_memory_db()
    return not is_private and not wrapper.savepoint_ids
