"""`sincerely backup TARGET`: a whole backup, taken while everything runs.

The folder appears under its name only when it is complete and on the disk.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings
from django.db import connection

from sincerely.project.backup import manifest as manifests
from sincerely.project.backup import postgres_dump, sqlite_files
from sincerely.project.backup.manifest import SECRET, Manifest, Unsound

APART = """The secret is not in it. Without it a backup cannot be restored: keep {where}
apart from the backups, where only you can read it."""
INSIDE = "The secret is in it: whoever has this folder can read everything, passwords too."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take where to write and whether the secret goes along."""
    parser.add_argument("target", type=Path, help="a new folder, or a folder for dated backups")
    parser.add_argument(
        "--with-secret", action="store_true", help="put the secret file into the backup too"
    )


def run(options: argparse.Namespace) -> int:
    """Take the backup and say where it is."""
    try:
        made = take(options.target, with_secret=options.with_secret, now=datetime.now(UTC))
    except (Unsound, OSError) as problem:
        print(f"No backup was made. {problem}", file=sys.stderr)
        return 1
    size = sum(path.stat().st_size for path in made.iterdir())
    print(f"The backup is in {made} ({size / 1e6:,.1f} MB).")
    where = "SINCERELY_SECRET" if not _secret_path().exists() else str(_secret_path())
    print(INSIDE if options.with_secret else APART.format(where=where))
    return 0


def take(target: Path, *, with_secret: bool = False, now: datetime) -> Path:
    """Write a backup and return its folder; raises Unsound."""
    final = target / f"sincerely-{now:%Y%m%dT%H%M%SZ}" if target.is_dir() else target
    if with_secret and not _secret_path().exists():
        raise Unsound("The secret comes from the environment and cannot be put into the backup.")
    partial = final.with_name(f"{final.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(mode=0o700, parents=True)
    try:
        names = _database(partial)
        if with_secret:
            shutil.copy(_secret_path(), partial / SECRET)
            names.append(SECRET)
        _finish(partial, names, now=now)
        partial.rename(final)
        manifests.to_disk(final.parent)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    return final


def _database(folder: Path) -> list[str]:
    if connection.vendor == "postgresql":
        return postgres_dump.take(folder)
    return sqlite_files.take(settings.HOME, folder)


def _finish(folder: Path, names: list[str], *, now: datetime) -> None:
    for name in names:
        (folder / name).chmod(0o600)
        manifests.to_disk(folder / name)
    found = Manifest(
        made_at=now,
        database=connection.vendor,
        secret_print=manifests.secret_print(),
        files={name: manifests.facts_of(folder / name) for name in names},
    )
    manifests.write(folder, found)
    manifests.to_disk(folder)


def _secret_path() -> Path:
    path: Path = settings.HOME / SECRET
    return path
