"""The stored links, read without Django; a read from a silent database is given up.

One thread reads at a time. Another may tell a read to end (`give_up`): a database that holds the
connection open and says nothing, such as a stopped one, would keep the reader for ever.
"""

from __future__ import annotations

import contextlib
import os
import socket
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote

import psycopg

from sincerely.apps.engagement.queries.watermarks import CAPTURE, POSITION

FAILURES = (sqlite3.Error, psycopg.Error)
MOST_MAILINGS = 2_000
# PostgreSQL shows rows in another order than that of their numbers: the last ones are read again.
OVERLAP = 200
_OF = "SELECT number, url FROM engagement_link WHERE mailing_id = %s"
_NEWEST = f"""
SELECT id, mailing_id, number, url FROM engagement_link WHERE id > %s AND mailing_id >
(SELECT COALESCE(MAX(mailing_id), 0) - {MOST_MAILINGS} FROM engagement_link)
"""  # noqa: S608 -- a constant
_SAFE = "!#$%&'()*+,-./:;=?@[]_~"
ByMailing = dict[int, dict[int, str]]


class Links(Protocol):
    """What the tracker asks the main database; everything may raise one of FAILURES."""

    def of(self, mailing_id: int) -> dict[int, str]:
        """Return the addresses of a mailing by the numbers of its links."""

    def newest(self) -> ByMailing:
        """Return links of the newest mailings: at first all, then those that came since."""

    def give_up(self) -> None:
        """End a read that does not come back; from another thread."""

    def close(self) -> None:
        """End the connection."""


class _Reader:
    """What both databases have in common."""

    _seen = 0

    def of(self, mailing_id: int) -> dict[int, str]:
        """Return the addresses of a mailing, safe as headers."""
        return {number: as_header(url) for number, url in self._rows(_OF, (mailing_id,))}

    def newest(self) -> ByMailing:
        """Return the links of the newest mailings that were not there the last time."""
        found: ByMailing = {}
        for number_of_row, mailing_id, number, url in self._rows(_NEWEST, (self._seen - OVERLAP,)):
            found.setdefault(mailing_id, {})[number] = as_header(url)
            self._seen = max(self._seen, number_of_row)
        return found

    def mark(self) -> int:
        """Return how far captures are folded."""
        rows = self._rows(POSITION, (CAPTURE,))
        return int(rows[0][0]) if rows else 0

    def _rows(self, sql: str, params: Sequence[Any]) -> list[tuple[Any, ...]]:
        raise NotImplementedError


class SqliteLinks(_Reader):
    """The main database file, opened read-only: a file that is missing stays missing."""

    def __init__(self, path: str | Path) -> None:
        self._address = f"file:{quote(str(path))}?mode=ro"
        self._opened: sqlite3.Connection | None = None

    def give_up(self) -> None:
        """Do nothing: SQLite waits half a second at most."""

    def close(self) -> None:
        """Close the file."""
        if self._opened is not None:
            self._opened.close()
            self._opened = None

    def _rows(self, sql: str, params: Sequence[Any]) -> list[tuple[Any, ...]]:
        if self._opened is None:
            self._opened = sqlite3.connect(
                self._address, uri=True, timeout=0.5, check_same_thread=False
            )
        return self._opened.execute(sql.replace("%s", "?"), params).fetchall()


class PostgresLinks(_Reader):
    """One connection, opened again after a loss."""

    def __init__(self, conninfo: str) -> None:
        self._conninfo = conninfo
        self._opened: psycopg.Connection[tuple[Any, ...]] | None = None

    def give_up(self) -> None:
        """Shut the socket: whoever reads from it sees the end of the connection."""
        with contextlib.suppress(psycopg.Error, OSError):
            if self._opened is not None:
                with socket.socket(fileno=os.dup(self._opened.pgconn.socket)) as line:
                    line.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """End the connection."""
        if self._opened is not None:
            self._opened.close()
            self._opened = None

    def _rows(self, sql: str, params: Sequence[Any]) -> list[tuple[Any, ...]]:
        if self._opened is None or self._opened.closed:
            self._opened = psycopg.connect(
                self._conninfo,
                autocommit=True,
                connect_timeout=2,
                options="-c statement_timeout=1000",
                application_name="tracker",
            )
        return self._opened.execute(sql, params).fetchall()  # type: ignore[arg-type]


def open_links(path: str | Path, conninfo: str) -> SqliteLinks | PostgresLinks:
    """Return the reader of this installation's links; it connects at its first read."""
    return PostgresLinks(conninfo) if conninfo else SqliteLinks(path)


def as_header(url: str) -> str:
    """Return the address byte for byte; only what a header cannot hold is percent-encoded."""
    if url.isascii() and url.isprintable() and " " not in url:
        return url
    return quote(url.strip(), safe=_SAFE)
