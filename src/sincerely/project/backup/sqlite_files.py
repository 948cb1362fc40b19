"""The two SQLite files: copied while they are written, checked, and put in their place.

The main file is copied first and captures after it: then no capture that the fold had not taken at
the moment of the backup is missing, and those that it had taken are in main anyway. Both copies are
made by SQLite's own backup in one step: writers go on meanwhile. The senders' journals are read
before and after; what they say stands in the copy of main.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from urllib.parse import quote

from sincerely.engines.sender import journal_file
from sincerely.engines.tracker.kept import NAME as LINKS
from sincerely.project.backup.manifest import CAPTURE, MAIN, Unsound, to_disk
from sincerely.wire.capture.packing import PER_BATCH

TRIES = 3
BESIDE = ("", "-wal", "-shm")
SENDERS = "senders"
LINE = "INSERT INTO sending_journalline (owner, number, record) VALUES (?, ?, ?)"
MARK = "SELECT COALESCE(MAX(position), 0) FROM engagement_watermark WHERE reader = 'capture'"


def take(home: Path, target: Path) -> list[str]:
    """Copy both files and return their names."""
    if not (home / MAIN).exists():
        raise Unsound(f"{home} holds no {MAIN}: there is nothing to back up.")
    for _attempt in range(TRIES):
        before = {path: generation for path, generation, _ in _journals(home)}
        copy(home / MAIN, target / MAIN)
        _add_journals(home, target / MAIN, before)
        if not (home / CAPTURE).exists():
            return [MAIN]
        copy(home / CAPTURE, target / CAPTURE)
        if follows_on(target / MAIN, target / CAPTURE):
            return [MAIN, CAPTURE]
    raise Unsound("Captures are deleted faster than they can be copied: try again at a quiet time.")


def _add_journals(home: Path, main: Path, before: dict[Path, int]) -> None:
    """Put into the copy what the senders' journals say: who was being handed over at that moment.

    One that has gone on by more than a half meanwhile has forgotten some: it is left out, and all
    that its sender had cleared to leave will be unknown.
    """
    lines: list[tuple[str, int, str]] = []
    for path, generation, records in _journals(home):
        if generation - before.get(path, generation) <= 1:
            lines += [(path.stem, n, record.decode()) for n, record in enumerate((b"", *records))]
    if lines:
        with closing(sqlite3.connect(main)) as opened, opened:
            opened.executemany(LINE, lines)
        to_disk(main)


def _journals(home: Path) -> Iterator[tuple[Path, int, list[bytes]]]:
    for path in (home / SENDERS).glob("*.journal"):
        with suppress(FileNotFoundError):  # its sender has just ended in order
            yield (path, *journal_file.look(path))


def copy(source: Path, target: Path) -> None:
    """Copy a database as it is at one moment, check the copy, and put it on the disk."""
    target.unlink(missing_ok=True)
    with (
        closing(sqlite3.connect(f"file:{quote(str(source))}?mode=ro", uri=True)) as original,
        closing(sqlite3.connect(target)) as made,
    ):
        original.backup(made)
    check(target)
    to_disk(target)


def check(path: Path) -> None:
    """Raise Unsound where SQLite finds the file damaged."""
    try:
        with closing(sqlite3.connect(path)) as opened:
            said = [row[0] for row in opened.execute("PRAGMA quick_check(3)")]
    except sqlite3.DatabaseError as problem:
        raise Unsound(f"{path} cannot be read: {problem}") from problem
    if said != ["ok"]:
        raise Unsound(f"{path} is damaged: {'; '.join(map(str, said))}")


def follows_on(main: Path, capture: Path) -> bool:
    """Say whether no capture between the fold's mark and the first that is left was deleted."""
    with closing(sqlite3.connect(main)) as opened:
        mark = int(opened.execute(MARK).fetchone()[0])
    with closing(sqlite3.connect(capture)) as opened:
        first = opened.execute("SELECT MIN(id) FROM batch").fetchone()[0]
    return first is None or first <= mark // PER_BATCH + 1


def is_empty(home: Path) -> bool:
    """Say whether nobody has used the installation in this folder yet."""
    if not (home / MAIN).exists():
        return True
    with closing(sqlite3.connect(home / MAIN)) as opened:
        try:
            return opened.execute("SELECT 1 FROM team_member LIMIT 1").fetchone() is None
        except sqlite3.OperationalError:  # no tables yet
            return True


def prepare(source: Path, home: Path, *, statements: list[str]) -> None:
    """Lay the files beside those in use, with what must be true before anything runs."""
    for name in (MAIN, CAPTURE):
        waiting = home / f"{name}.restored"
        waiting.unlink(missing_ok=True)
        if (source / name).exists():
            shutil.copyfile(source / name, waiting)
            check(waiting)
    with closing(sqlite3.connect(home / f"{MAIN}.restored")) as opened:
        opened.executescript("BEGIN;" + ";".join(statements) + ";COMMIT;")
    for name in (MAIN, CAPTURE):
        if (home / f"{name}.restored").exists():
            to_disk(home / f"{name}.restored")


def swap(home: Path, *, aside: Path) -> None:
    """Put what is there aside and the prepared files in its place."""
    aside.mkdir(mode=0o700)
    for name in (LINKS, CAPTURE, MAIN):
        for ending in BESIDE:
            old = home / f"{name}{ending}"
            if old.exists():
                old.rename(aside / old.name)
    if (home / SENDERS).exists():  # journals of mail that the restored messages know nothing of
        (home / SENDERS).rename(aside / SENDERS)
    for name in (CAPTURE, MAIN):
        waiting = home / f"{name}.restored"
        if waiting.exists():
            waiting.rename(home / name)
    to_disk(home)
