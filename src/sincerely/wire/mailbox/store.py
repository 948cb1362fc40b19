"""The test mailbox's mail, in a SQLite file of its own.

Written in batches by one thread of the mailbox process, read by pages. Mail is kept as it came;
only what a list shows stands beside it. The oldest mail goes when there is too much.
"""

from __future__ import annotations

import email
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.policy import default as modern
from pathlib import Path
from typing import NamedTuple

MOST_KEPT = 200_000
SCHEMA = """
CREATE TABLE IF NOT EXISTS mail (
    id INTEGER PRIMARY KEY AUTOINCREMENT, at_us INTEGER NOT NULL, sender TEXT NOT NULL,
    recipient TEXT NOT NULL COLLATE NOCASE, subject TEXT NOT NULL, message_id TEXT NOT NULL,
    raw BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS mail_recipient ON mail (recipient, id);
"""


class Received(NamedTuple):
    """One mail as it came in; `at_us` is business time in microseconds."""

    at_us: int
    sender: str
    recipient: str
    raw: bytes


class Kept(NamedTuple):
    """What a list shows of one mail."""

    id: int
    at_us: int
    sender: str
    recipient: str
    subject: str
    message_id: str


LISTED = "id, at_us, sender, recipient, subject, message_id"


class MailboxStore:
    """The file at a path; one object per thread."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path, timeout=30, isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        if self._db.execute("PRAGMA user_version").fetchone()[0] == 0:
            self._db.executescript(SCHEMA + "PRAGMA user_version=1;")

    def add(self, batch: Sequence[Received]) -> None:
        """Store a batch in one transaction and let the oldest beyond the limit go."""
        rows = [(*m[:3], *_heading(m.raw), m.raw) for m in batch]
        self._db.execute("BEGIN IMMEDIATE")
        try:
            self._db.executemany(
                "INSERT INTO mail (at_us, sender, recipient, subject, message_id, raw)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                rows,
            )
            self._db.execute(
                "DELETE FROM mail WHERE id <= (SELECT MAX(id) FROM mail) - ?", (MOST_KEPT,)
            )
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise

    def page(self, *, before: int = 0, recipient: str = "", limit: int = 50) -> list[Kept]:
        """Return the newest mail below an id (0: the very newest), for addresses that begin so."""
        where, values = ["1=1"], []
        if before:
            where.append("id < ?")
            values.append(before)
        if recipient:
            where.append("recipient >= ? AND recipient < ?")
            values += [recipient, recipient + "\U0010ffff"]  # type: ignore[list-item]
        sql = f"SELECT {LISTED} FROM mail WHERE {' AND '.join(where)} ORDER BY id DESC LIMIT ?"  # noqa: S608 -- fixed parts
        return [Kept(*row) for row in self._db.execute(sql, (*values, limit))]

    def get(self, mail_id: int) -> tuple[Kept, bytes] | None:
        """Return one mail and its bytes."""
        row = self._db.execute(
            f"SELECT {LISTED}, raw FROM mail WHERE id = ?",  # noqa: S608 -- fixed parts
            (mail_id,),
        ).fetchone()
        return (Kept(*row[:-1]), bytes(row[-1])) if row else None

    def walk(self, *, after: int = 0) -> Iterator[tuple[Kept, bytes]]:
        """Yield all mail above an id in order of arrival."""
        sql = f"SELECT {LISTED}, raw FROM mail WHERE id > ? ORDER BY id LIMIT 500"  # noqa: S608 -- fixed parts
        while rows := self._db.execute(sql, (after,)).fetchall():
            for row in rows:
                yield Kept(*row[:-1]), bytes(row[-1])
            after = rows[-1][0]

    def count(self) -> int:
        """Return how many mails are kept."""
        return int(self._db.execute("SELECT COUNT(*) FROM mail").fetchone()[0])

    def clear(self) -> None:
        """Throw all mail away."""
        self._db.execute("DELETE FROM mail")

    def close(self) -> None:
        """Close the file."""
        self._db.close()


@contextmanager
def opened(path: Path) -> Iterator[MailboxStore]:
    """Open the store for one piece of work."""
    with closing(MailboxStore(path)) as store:
        yield store


def parsed(raw: bytes) -> EmailMessage:
    """Return a mail as the email package reads it."""
    return email.message_from_bytes(raw, policy=modern)  # type: ignore[return-value]


def _heading(raw: bytes) -> tuple[str, str]:
    """Subject (still encoded words, decoded cheaply) and Message-ID."""
    head = raw.partition(b"\r\n\r\n")[0].replace(b"\r\n ", b" ").replace(b"\r\n\t", b" ")
    subject = message_id = ""
    for line in head.split(b"\r\n"):
        name = line[:11].lower()
        if name.startswith(b"subject:"):
            subject = _decoded(line[8:].strip())
        elif name == b"message-id:":
            message_id = line[11:].strip().decode("ascii", "replace")
    return subject[:300], message_id


def _decoded(value: bytes) -> str:
    """Free of encoded words, by the old parser of the email package: the modern one is slow."""
    text = value.decode("utf-8", "replace")
    if "=?" not in text:
        return text
    try:
        return str(make_header(decode_header(text)))
    except (HeaderParseError, LookupError, UnicodeError):
        return text
