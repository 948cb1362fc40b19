"""Seats: the connections of a transport, shared out among the senders that live.

What a server allows is one number, however many processes send. Senders know each other by their
locks and journals (owner.py); each takes its part by its place among their sorted names, and gives
up a connection that is too many after the mail on it. The sum is kept but for the moment in which
one comes.
"""

from __future__ import annotations

from collections.abc import Collection


def part(total: int, *, place: int, of: int) -> int:
    """Return how many of `total` seats belong to the sender at `place` (from 0) of so many.

    The parts of all places add up to the total and differ by at most one.
    """
    each, left = divmod(total, of)
    return each + (place < left)


class Seats:
    """This sender's place; written by the feeder's thread, read by the event loop's."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._place = (0, 1)

    def share_with(self, others: Collection[str]) -> None:
        """Take the place among the other senders that live."""
        names = sorted({self._name, *others})
        self._place = (names.index(self._name), len(names))

    def of(self, total: int) -> int:
        """Return how many of a transport's connections this sender may have now."""
        place, count = self._place
        return part(total, place=place, of=count)
