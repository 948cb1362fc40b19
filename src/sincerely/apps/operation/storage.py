"""What keeps the main database from being written: a page looks itself, at this moment.

A process that cannot write cannot write down why either.
"""

from __future__ import annotations

import errno
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import psycopg
from django.db import DatabaseError, connection, transaction

FULL, LOCKED = "full", "locked"
PATIENCE_SECONDS = 1.0  # our own transactions are shorter
PROBE_BYTES = 64 * 1024
_IS_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
# The server's clock on both sides: ours may differ, and it is the server that wrote `waitstart`.
_WAITED_FOR = """
SELECT EXISTS (SELECT 1 FROM pg_locks WHERE NOT granted
AND locktype IN ('relation', 'tuple', 'transactionid')
AND waitstart < clock_timestamp() - make_interval(secs => %s)
AND (database IS NULL OR database =
  (SELECT oid FROM pg_database WHERE datname = current_database())))
"""
_PROBE = f"CREATE TEMPORARY TABLE probe AS SELECT repeat('x', {PROBE_BYTES}) AS content"


def obstacle(*, is_suspected: bool) -> str:
    """Return FULL, LOCKED or '' for none; only a suspicion is worth a trial write."""
    if connection.vendor == "postgresql":
        return _of_postgres(is_suspected=is_suspected)
    return _of_file(Path(connection.settings_dict["NAME"])) if is_suspected else ""


def named(trouble: str) -> str:
    """Return the obstacle that the class of an error tells, which ends the words of a trouble."""
    return FULL if trouble.endswith("(DiskFull)") else ""


def _of_file(path: Path) -> str:
    if not _has_room(path.parent):
        return FULL
    address = f"file:{quote(str(path))}?mode=rw"
    try:
        with closing(
            sqlite3.connect(address, uri=True, timeout=PATIENCE_SECONDS, isolation_level=None)
        ) as own:
            own.execute("BEGIN IMMEDIATE")
            own.execute("ROLLBACK")
    except sqlite3.OperationalError as problem:
        return LOCKED if problem.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY else ""
    return ""


def _has_room(folder: Path) -> bool:
    try:
        with tempfile.TemporaryFile(dir=folder, buffering=0) as probe:
            written = probe.write(bytes(PROBE_BYTES))
            return written == PROBE_BYTES
    except OSError as problem:
        return problem.errno not in _IS_FULL


def _of_postgres(*, is_suspected: bool) -> str:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_WAITED_FOR, [PATIENCE_SECONDS])
            if cursor.fetchone()[0]:
                return LOCKED
            if is_suspected:
                cursor.execute(_PROBE)
                transaction.set_rollback(True)
    except DatabaseError as problem:
        return FULL if isinstance(problem.__cause__, psycopg.errors.DiskFull) else ""
    return ""
