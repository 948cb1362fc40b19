"""A full disk: a limit on the size of files, for whoever writes those of the database.

The kernel refuses the write, as it does on a full disk, and nobody needs the right to mount one.
PostgreSQL ignores the limit's signal on purpose, so that a limit works like a full disk.
"""

from __future__ import annotations

import os
import resource
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.db import connection

# Segments of the write-ahead log are as large and go on; so only what grows beyond is refused.
MOST_BYTES = 16 * 1024 * 1024
FILL = """
INSERT INTO sending_attempt (message_id, at, outcome, code, text)
SELECT (SELECT MIN(id) FROM sending_message WHERE mailing_id = %s), now(), 'deferred', 451,
  repeat('x', 290) FROM generate_series(1, 4000)"""


@contextmanager
def full_disk(writer: int) -> Iterator[None]:
    """Let no file grow: of this process, or, with PostgreSQL, of any of its server's."""
    if connection.vendor == "sqlite":
        _, hard = resource.prlimit(writer, resource.RLIMIT_FSIZE, (4_096, -1))
        yield
        resource.prlimit(writer, resource.RLIMIT_FSIZE, (hard, hard))
        return
    _limit(_processes(), str(MOST_BYTES))
    try:
        yield
    finally:
        _limit(_processes(), "unlimited")


@contextmanager
def large_table(mailing_id: int) -> Iterator[None]:
    """Let the table of attempts be so large that the next ones make its file grow."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE sending_attempt SET (fillfactor = 10)")  # few rows per page
        size = 0
        while size < MOST_BYTES:
            cursor.execute(FILL, [mailing_id])
            cursor.execute("SELECT pg_relation_size('sending_attempt')")
            size = cursor.fetchone()[0]
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE sending_attempt RESET (fillfactor)")


def _processes() -> list[int]:
    """The server's processes: the first, of which others are born, and those that live."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        mine = cursor.fetchone()[0]
    if not Path(f"/proc/{mine}/comm").exists():
        pytest.skip("the database server runs on another machine")
    first = _parent(mine)
    living = [int(each.name) for each in Path("/proc").iterdir() if each.name.isdigit()]
    return [first, *(pid for pid in living if _parent(pid) == first)]


def _parent(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:  # it has ended meanwhile
        return 0


def _limit(processes: list[int], soft: str) -> None:
    """Set the soft limit, as the user whose processes these are."""
    owner = Path(f"/proc/{processes[0]}").stat()
    change = {"user": owner.st_uid, "group": owner.st_gid} if os.getuid() == 0 else {}
    for pid in processes:
        words = ["prlimit", "--pid", str(pid), f"--fsize={soft}:"]
        subprocess.run(words, check=False, capture_output=True, cwd="/", **change)  # type: ignore[call-overload]
