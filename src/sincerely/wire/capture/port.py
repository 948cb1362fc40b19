"""What every capture store does, and the row that it keeps."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import NamedTuple, Protocol

import psycopg

# What a store raises that is locked, full, restarting or gone: to be tried again, never fatal. They
# are no errors of Django's, which knows nothing of the store.
FAILURES: tuple[type[Exception], ...] = (sqlite3.Error, psycopg.Error, OSError)
OPEN, CLICK, UNSUBSCRIBE = 1, 2, 3
ALL_TIME = 2**62


class Capture(NamedTuple):
    """One request as it came: `at_us` is business time in microseconds since 1970."""

    at_us: int
    kind: int
    mailing_id: int
    message_id: int
    nonce: bytes
    link_number: int = 0
    ip: str = ""
    user_agent: str = ""
    method: str = "GET"
    headers: str = ""
    is_simulated: bool = False


class Stored(NamedTuple):
    """A stored request; ids grow, and no row appears below one that was read."""

    id: int
    capture: Capture


class Store(Protocol):
    """A place where captures are kept until they are folded (and as long as retention says)."""

    def append(self, captures: Sequence[Capture]) -> None:
        """Store all of them (one at least); when this returns they survive a power cut."""

    def read(self, after_id: int, limit: int) -> list[Stored]:
        """Return rows after an id, in order, none that a slower writer could still precede."""

    def unfolded_unsubscribes(self, after_id: int) -> list[int]:
        """Return the message ids of one-click unsubscribes after an id, those just in included."""

    def last_id(self) -> int:
        """Return the highest id that can be read now, 0 for none."""

    def begin_after(self, mark: int) -> None:
        """Give no row an id up to the mark: a lost or replaced store must not look folded."""

    def trim(self, through_id: int, limit: int, *, before_us: int = ALL_TIME) -> int:
        """Delete batches that end by an id and began before a time, at most `limit`; say how many.

        A batch is what one commit stored together.
        """

    def close(self) -> None:
        """Let go of the file or connection."""


FIELDS = Capture._fields
