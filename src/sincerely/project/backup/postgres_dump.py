"""PostgreSQL: a dump by pg_dump, put back by psql in one transaction.

pg_dump sees one moment of the whole database, captures included. The restore is one transaction:
the old tables are put aside in a schema of their own, the dump is played, and what must be true
before anything runs (the holds) is written; killed anywhere, nothing has happened.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from django.db import connection

from sincerely.project.backup.manifest import DUMP, Unsound

VARIABLES = {
    "dbname": "PGDATABASE",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "host": "PGHOST",
    "port": "PGPORT",
    "sslmode": "PGSSLMODE",
}
NEVER_KEPT = ("operation_heartbeat", "django_session")


def take(target: Path) -> list[str]:
    """Dump the database and return the file's name."""
    without = [f"--exclude-table-data={name}" for name in NEVER_KEPT]
    command = ["pg_dump", "--format=custom", "--schema=public", "--no-owner", "--no-privileges"]
    _run([*command, *without, f"--file={target / DUMP}"])
    return [DUMP]


def is_empty() -> bool:
    """Say whether nobody has used the installation in this database yet."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('public.team_member')")
        if cursor.fetchone() == (None,):
            return True
        cursor.execute("SELECT NOT EXISTS (SELECT 1 FROM public.team_member)")
        return bool(cursor.fetchone()[0])


def others() -> list[str]:
    """Return who else is connected to the database; the server's own vacuum is nobody."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT COALESCE(NULLIF(application_name, ''), 'a session') FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            " AND backend_type = 'client backend'"
        )
        return sorted({str(row[0]) for row in cursor.fetchall()})


def put_back(source: Path, work: Path, *, statements: list[str], aside: str) -> None:
    """Play the dump and the statements in one transaction; the old tables go into `aside`."""
    script = work / "restore.sql"
    _run(["pg_restore", "--no-owner", "--no-privileges", f"--file={script}", str(source / DUMP)])
    before = work / "before.sql"
    before.write_text(f"ALTER SCHEMA public RENAME TO {aside};\n")
    after = work / "after.sql"
    after.write_text("SET search_path = public;\n" + ";\n".join(statements) + ";\n")
    command = ["psql", "--no-psqlrc", "--quiet", "--single-transaction", "-v", "ON_ERROR_STOP=1"]
    _run([*command, "-o", os.devnull, "-f", str(before), "-f", str(script), "-f", str(after)])


def _run(command: list[str]) -> None:
    if shutil.which(command[0]) is None:
        raise Unsound(
            f"{command[0]} is missing: install PostgreSQL's client programs"
            " (Debian: postgresql-client), of the server's version or newer."
        )
    given = connection.get_connection_params()
    environment = os.environ | {
        variable: str(given[name]) for name, variable in VARIABLES.items() if given.get(name)
    }
    done = subprocess.run(  # noqa: S603 -- our own command
        command, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise Unsound(f"{command[0]} failed: {done.stderr.strip()[-800:]}")
