"""The journal on SQLite: a file of fixed size beside the sender's lock.

Its two halves take turns: a half that is full is followed by the other, whose first record says all
that is open, so the full one is void once that record is on the disk. The file is written full of
zeros at first: a record is then a write in place, flushed by the same call, and no change of the
file's size. One call, for each gives Python's lock away, and another thread may keep it a while.

Who takes over first raises a flag behind the halves, then reads. A sender looks at the flag, by a
map of that page, after each record: where it is raised, the record may not have been read, and
nothing begins.
"""

from __future__ import annotations

import os
from mmap import ACCESS_READ, mmap
from pathlib import Path

from sincerely.engines.sender.journal import HEAD, JournalLost, framed, unframed

HALF = 256 * 1024
FLAG = 4096  # bytes behind the halves; raised: not zero


class FileJournal:
    """A journal in a file; made anew, for one sender."""

    is_near = True

    def __init__(self, path: Path, record: bytes) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        os.pwrite(self._file, bytes(2 * HALF + FLAG), 0)
        os.fsync(self._file)
        self._map = mmap(self._file, 2 * HALF + FLAG, access=ACCESS_READ)
        self._generation = 0
        self._end = 0
        self.begin_anew(record)
        _flush_folder(path.parent)

    def has_room(self, size: int) -> bool:
        """Say whether the half has so many bytes left."""
        return self._end + HEAD.size + size <= HALF

    def append(self, record: bytes) -> None:
        """Add a record behind the last; the same place again where that failed."""
        frame = framed(self._generation, record)
        self._put(frame, self._end)
        self._end += len(frame)

    def begin_anew(self, record: bytes) -> None:
        """Begin the other half."""
        frame = framed(self._generation + 1, record)
        if len(frame) > HALF:
            raise OSError("More is open than the journal holds.")
        self._generation += 1
        try:
            self._put(frame, 0)
        except OSError:
            self._generation -= 1
            raise
        self._end = len(frame)

    def close(self) -> None:
        """Close the file; it stays where it is."""
        self._map.close()
        os.close(self._file)

    def _put(self, frame: bytes, at: int) -> None:
        place = self._generation % 2 * HALF + at
        if os.pwritev(self._file, [frame], place, os.RWF_DSYNC) < len(frame):
            raise OSError("The journal was not written in full.")
        if self._map[2 * HALF]:
            raise JournalLost


def take(path: Path) -> list[bytes] | None:
    """Take a journal from its sender and return its records; None where there is none to trust."""
    try:
        with path.open("r+b", buffering=0) as file:
            os.pwrite(file.fileno(), b"\1", 2 * HALF)
            generation, records = max(_halves(file.read()), key=lambda half: half[0])
    except FileNotFoundError:
        return None
    return records if generation else None


def look(path: Path) -> tuple[int, list[bytes]]:
    """Return the generation of a journal that stays where it is, and all records of both halves."""
    older, newer = sorted(_halves(path.read_bytes()))
    return newer[0], [*older[1], *newer[1]]


def _halves(content: bytes) -> list[tuple[int, list[bytes]]]:
    return [unframed(content[:HALF]), unframed(content[HALF : 2 * HALF])]


def drop(path: Path) -> None:
    """Remove a journal that was taken, after its content is in the database."""
    path.unlink(missing_ok=True)


def _flush_folder(folder: Path) -> None:
    number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
