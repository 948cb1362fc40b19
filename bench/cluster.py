"""A throw-away PostgreSQL whose commits are durable, as a production server's are.

`tools/postgres` starts one for tests without fsync; a benchmark that compares durable paths must
not borrow that speed. When the benchmark is killed, `tools/postgres watch` ends it.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SETTINGS = (
    "listen_addresses=127.0.0.1",
    "fsync=on",
    "synchronous_commit=on",
    "shared_buffers=512MB",
    "max_wal_size=4GB",
    "max_connections=100",
    "unix_socket_directories=",
)
WATCH = Path(__file__).parent.parent / "tools" / "postgres"


@contextmanager
def durable_cluster() -> Iterator[str]:
    """Start a cluster in a temporary folder and yield its DATABASE_URL; it is gone afterwards."""
    place = Path(tempfile.mkdtemp(prefix="bench-pg-"))
    place.chmod(0o755)
    programs = max(Path("/usr/lib/postgresql").glob("*/bin"))
    account = _as_postgres(place)

    def run(program: str, *arguments: str) -> None:
        command = [*account, str(programs / program), "-D", str(place / "data"), *arguments]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = " ".join(f"-c {x}" for x in SETTINGS)
    try:
        run("initdb", "-U", "sincerely", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8")
        run("pg_ctl", "-w", "-l", str(place / "log"), "-o", f"-p {port} {options}", "start")
        words = [str(WATCH), "watch", str(place), str(os.getpid())]
        watching = subprocess.Popen(words, start_new_session=True, stdout=subprocess.DEVNULL)
        try:
            yield f"postgres://sincerely@127.0.0.1:{port}/postgres"
        finally:
            run("pg_ctl", "-m", "immediate", "stop")
            watching.wait()
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _as_postgres(place: Path) -> list[str]:
    """PostgreSQL does not run as root: its own account runs it then."""
    if os.getuid() != 0:
        return []
    shutil.chown(place, "postgres")
    change = ["setpriv", "--reuid", "postgres", "--regid", "postgres", "--clear-groups"]
    return [*change, "env", "HOME=/tmp"]
