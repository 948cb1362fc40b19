"""Who works in the installation's folder: many at once, or one alone who replaces its files.

A file lock, so that a dead process never stands in the way.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_held: list[int] = []


class Occupied(Exception):
    """Processes of this installation are running."""


def move_in(home: Path) -> None:
    """Work here until this process ends; waits while somebody is here alone."""
    lock = _opened(home)
    fcntl.flock(lock, fcntl.LOCK_SH)
    _held.append(lock)


@contextmanager
def alone(home: Path) -> Iterator[None]:
    """Be here alone for the length of the block; raises Occupied where others work."""
    lock = _opened(home)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        raise Occupied(home) from None
    try:
        yield
    finally:
        os.close(lock)


def _opened(home: Path) -> int:
    return os.open(home / "in-use", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
