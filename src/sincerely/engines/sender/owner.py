"""Who owns claimed rows, and whether that sender lives: by a lock, never a time-out.

On SQLite the lock is a file of the installation that the kernel frees when the process ends,
however it ends; on PostgreSQL it is an advisory lock of a connection that does nothing else.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings
from django.db import connection

from sincerely.engines.sender import journal_file, journal_table
from sincerely.engines.sender.journal import Journal, Ledger, ledger_of
from sincerely.engines.sender.journal_file import FileJournal
from sincerely.engines.sender.journal_table import TableJournal


class Owner:
    """This sender's name, the lock that proves that it lives, and its journal."""

    def __init__(self, name: str = "") -> None:
        self.name = name or f"sender-{os.getpid()}-{secrets.token_hex(6)}"
        self._file: int | None = None
        self._session: psycopg.Connection[Any] | None = None

    @property
    def journal_path(self) -> Path:
        """Where the journal is on SQLite."""
        return _path(self.name, ".journal")

    def appear(self) -> Journal:
        """Take the lock, before the first claim; return the journal, which is new."""
        record = Ledger().record()
        if connection.vendor == "postgresql":
            self._session = _session()
            self._session.execute("SELECT pg_advisory_lock(%s)", (_number(self.name),))
            return TableJournal(self.name, record, session=_session)
        while self._file is None:  # who looks for the dead may have been there first
            self._file = _locked(_path(self.name), is_new=True)
        return FileJournal(self.journal_path, record)

    def lives(self) -> bool:
        """Say whether the lock is still ours: a lost connection loses it."""
        if self._session is None:
            return self._file is not None
        try:
            self._session.execute("SELECT 1")
        except psycopg.Error:
            return False
        return True

    def leave(self) -> None:
        """Give the lock back; after the last row was given back."""
        if self._session is not None:
            self._session.close()
        if self._file is not None:
            _path(self.name).unlink(missing_ok=True)
            os.close(self._file)
        self._session = self._file = None


@contextlib.contextmanager
def death_of(name: str) -> Iterator[bool]:
    """Say whether the sender of this name has ended; if so, nobody else looks after it meanwhile.

    What is left of it is cleared away after the block.
    """
    if connection.vendor == "postgresql":
        with contextlib.closing(_session()) as session:
            row = session.execute("SELECT pg_try_advisory_lock(%s)", (_number(name),)).fetchone()
            yield bool(row and row[0])
        return
    path = _path(name)
    lock = _locked(path)
    try:
        yield lock is not None or not path.exists()
        if lock is not None:
            path.unlink(missing_ok=True)
    finally:
        if lock is not None:
            os.close(lock)


def take_journal(name: str) -> Ledger | None:
    """Take over the journal of a sender, in the caller's transaction; None where none is left.

    On SQLite the table holds what a backup knew of the journals of its time.
    """
    is_postgresql = connection.vendor == "postgresql"
    records = None if is_postgresql else journal_file.take(_path(name, ".journal"))
    if records is None:
        records = journal_table.take(name)
    return None if records is None else ledger_of(records)


def drop_journal(name: str) -> None:
    """Remove a journal that was taken over; after the transaction that did."""
    if connection.vendor != "postgresql":
        journal_file.drop(_path(name, ".journal"))


def names_left() -> set[str]:
    """Return the senders of whom a lock or a journal is there, dead or alive."""
    owners = journal_table.owners()
    if connection.vendor == "postgresql":
        return owners
    return owners | {path.stem for path in _folder().iterdir()}


def _locked(path: Path, *, is_new: bool = False) -> int | None:
    """Return the file of a lock that is ours now; None where another has it, or removed it."""
    try:
        lock = os.open(path, os.O_RDWR | os.O_CLOEXEC | (os.O_CREAT if is_new else 0), 0o600)
    except FileNotFoundError:
        return None
    with contextlib.suppress(BlockingIOError, FileNotFoundError):
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if path.stat().st_ino == os.fstat(lock).st_ino:
            return lock
    os.close(lock)
    return None


def _path(name: str, kind: str = ".lock") -> Path:
    return _folder() / f"{name}{kind}"


def _folder() -> Path:
    folder = Path(settings.HOME) / "senders"
    folder.mkdir(exist_ok=True)
    return folder


def _number(name: str) -> int:
    digest = hashlib.blake2b(name.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


def _session() -> psycopg.Connection[Any]:
    names = {"dbname", "user", "password", "host", "port", "sslmode"}
    given = {k: v for k, v in connection.get_connection_params().items() if k in names}
    return psycopg.connect(**given, autocommit=True, application_name="sincerely-sender-owner")
