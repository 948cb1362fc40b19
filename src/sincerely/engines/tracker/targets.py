"""Where a tracked link leads: looked up by mailing and number, never carried in the address.

The links of a mailing are kept for a few seconds and read again after that, so that a correction
arrives and a busy mailing costs one small read now and then. If the database does not answer, what
was known still serves: a redirect must always work.
"""

from __future__ import annotations

import sqlite3
import time
from collections import OrderedDict
from collections.abc import Callable
from urllib.parse import quote

import psycopg

KEPT_SECONDS = 5.0
MOST_MAILINGS = 2_000
Read = Callable[[int], dict[int, str]]
_READ = "SELECT number, url FROM engagement_link WHERE mailing_id = "
_SAFE = "!#$%&'()*+,-./:;=?@[]_~"


class Targets:
    """A small cache in front of the links table."""

    def __init__(self, read: Read, *, kept_seconds: float = KEPT_SECONDS) -> None:
        self._read = read
        self._kept_seconds = kept_seconds
        self._known: OrderedDict[int, tuple[float, dict[int, str]]] = OrderedDict()

    def find(self, mailing_id: int, number: int) -> str | None:
        """Return the address to send the reader to, safe as a header; None for no such link."""
        read_at, links = self._known.get(mailing_id, (0.0, {}))
        now = time.monotonic()
        if not read_at or now - read_at > self._kept_seconds:
            links = self._fresh(mailing_id, links)
            self._known[mailing_id] = (now, links)
            self._known.move_to_end(mailing_id)
            while len(self._known) > MOST_MAILINGS:
                self._known.popitem(last=False)
        return links.get(number)

    def _fresh(self, mailing_id: int, before: dict[int, str]) -> dict[int, str]:
        try:
            return {number: as_header(url) for number, url in self._read(mailing_id).items()}
        except (sqlite3.Error, psycopg.Error):
            return before


def as_header(url: str) -> str:
    """Return the address byte for byte; only what a header cannot hold is percent-encoded."""
    if url.isascii() and url.isprintable() and " " not in url:
        return url
    return quote(url.strip(), safe=_SAFE)


def sqlite_reader(path: str) -> Read:
    """Return a reader of the main database file, which it opens read-only at first use."""
    opened: list[sqlite3.Connection] = []

    def read(mailing_id: int) -> dict[int, str]:
        if not opened:
            opened.append(sqlite3.connect(f"file:{quote(path)}?mode=ro", uri=True, timeout=0.5))
        return dict(opened[0].execute(_READ + "?", (mailing_id,)).fetchall())

    return read


def postgres_reader(conninfo: str) -> Read:
    """Return a reader over one connection, which it opens again after a loss."""
    opened: list[psycopg.Connection[tuple[int, str]]] = []

    def read(mailing_id: int) -> dict[int, str]:
        if not opened or opened[0].closed:
            opened[:] = [
                psycopg.connect(
                    conninfo,
                    autocommit=True,
                    connect_timeout=2,
                    options="-c statement_timeout=1000",
                    application_name="tracker",
                )
            ]
        return dict(opened[0].execute(_READ + "%s", (mailing_id,)).fetchall())

    return read
