"""`sincerely restore SOURCE`: put a backup back; mailings wait until a member releases them.

What was there before is put aside, not deleted. Killed anywhere, either nothing has happened or
the restored database is in place with its holds; repeating it does no harm.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings
from django.db import connection

from sincerely.apps.team.actions import audit
from sincerely.apps.team.rules import PROGRAM
from sincerely.project import installation
from sincerely.project.backup import aftermath, postgres_dump, sqlite_files
from sincerely.project.backup import manifest as manifests
from sincerely.project.backup.manifest import SECRET, Manifest, Unsound
from sincerely.wire import premises

OTHER_KEYS = """This installation has another secret than the one the backup was made with. Links
in mail that is out, suppressed addresses and passwords of transports would not be understood. Put
the secret back first: SINCERELY_SECRET, or the file `secret` in the home folder."""
DONE = """Restored the backup of {made_at:%Y-%m-%d %H:%M} UTC.
* Every mailing that is not over waits: release each under Settings, System, or on its own page.
* What happened after the backup is not known here: who unsubscribed or bounced since then must be
  entered again (a list of opt-outs can be imported), and members log in again.
* What was here before is in {aside}; delete it when you are sure."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take the backup's folder and whether something may be replaced."""
    parser.add_argument("source", type=Path, help="the folder that `sincerely backup` made")
    parser.add_argument(
        "--replace", action="store_true", help="put what is there now aside and replace it"
    )


def run(options: argparse.Namespace) -> int:
    """Restore and say what to know."""
    try:
        made_at, aside = restore(options.source, replace=options.replace, now=datetime.now(UTC))
    except (Unsound, OSError) as problem:
        print(f"Nothing was restored. {problem}", file=sys.stderr)
        return 1
    except premises.Occupied:
        print("Nothing was restored. Stop Sincerely first, on every machine.", file=sys.stderr)
        return 1
    print(DONE.format(made_at=made_at, aside=aside))
    return 0


def restore(source: Path, *, replace: bool = False, now: datetime) -> tuple[datetime, str]:
    """Put a backup back; return when it was taken and where the former content is."""
    found = manifests.read(source)
    if found.database != connection.vendor:
        raise Unsound(f"It is a backup of {found.database}; this is {connection.vendor}.")
    manifests.verify(source, found)
    if found.secret_print != manifests.secret_print() and not _may_bring_secret(found):
        raise Unsound(OTHER_KEYS)
    is_postgresql = connection.vendor == "postgresql"
    wanted = aftermath.statements(made_at=found.made_at, now=now, is_postgresql=is_postgresql)
    with premises.alone(settings.HOME):
        put_back = _into_postgresql if is_postgresql else _into_sqlite
        aside = put_back(source, wanted, replace=replace, now=now)
        _bring_secret(source, found)
        connection.close()
        installation.prepare()
    audit(PROGRAM, "installation restored", now=now, detail={"of": found.made_at.isoformat()})
    return found.made_at, aside


def _into_sqlite(source: Path, wanted: list[str], *, replace: bool, now: datetime) -> str:
    home: Path = settings.HOME
    connection.close()
    _refuse_unless(sqlite_files.is_empty(home) or replace)
    sqlite_files.prepare(source, home, statements=wanted)
    aside = home / f"replaced-{now:%Y%m%dT%H%M%S}"
    sqlite_files.swap(home, aside=aside)
    return str(aside)


def _into_postgresql(source: Path, wanted: list[str], *, replace: bool, now: datetime) -> str:
    _refuse_unless(postgres_dump.is_empty() or replace)
    if others := postgres_dump.others():
        raise Unsound(f"Others work in the database: {', '.join(others)}. Stop them first.")
    connection.close()
    aside = f"replaced_{now:%Y%m%d_%H%M%S}"
    with tempfile.TemporaryDirectory(prefix="sincerely-restore-") as work:
        postgres_dump.put_back(source, Path(work), statements=wanted, aside=aside)
    return f"the schema {aside}"


def _refuse_unless(is_allowed: bool) -> None:  # noqa: FBT001 -- a question, not a switch
    if not is_allowed:
        raise Unsound("This installation is in use. Say --replace to put it aside.")


def _may_bring_secret(found: Manifest) -> bool:
    """Whether the backup brings its own secret, and no other is given by the environment."""
    return found.holds_secret and (settings.HOME / SECRET).exists()


def _bring_secret(source: Path, found: Manifest) -> None:
    if not found.holds_secret or found.secret_print == manifests.secret_print():
        return
    path = settings.HOME / SECRET
    shutil.copy(path, path.with_name("secret.replaced"))
    shutil.copy(source / SECRET, path)
    path.chmod(0o600)
