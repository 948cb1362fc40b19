"""What a backup says about itself, and whether its files are the ones that were written."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings

from sincerely.wire.keys import derive_key

FORMAT = 1
NAME = "manifest.json"
MAIN, CAPTURE, DUMP, SECRET = "main.sqlite3", "capture.sqlite3", "database.dump", "secret"


class Unsound(Exception):
    """This is no backup of ours, or not all of it; the words say what is wrong."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """When the backup was taken, of which kind of database, and what its files must be."""

    made_at: datetime
    database: str
    secret_print: str
    files: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def holds_secret(self) -> bool:
        """The secret lies in the backup."""
        return SECRET in self.files


def secret_print() -> str:
    """Return what tells one secret from another and nothing else about it."""
    return derive_key(settings.SECRET, "backup").hex()[:16]


def write(folder: Path, manifest: Manifest) -> None:
    """Write the manifest, last of all files."""
    facts = {
        "format": FORMAT,
        "made_at": manifest.made_at.isoformat(),
        "database": manifest.database,
        "secret_print": manifest.secret_print,
        "files": manifest.files,
    }
    path = folder / NAME
    path.write_text(json.dumps(facts, indent=2) + "\n")
    to_disk(path)


def read(folder: Path) -> Manifest:
    """Return the manifest of a backup; raises Unsound."""
    try:
        facts = json.loads((folder / NAME).read_text())
        if facts["format"] != FORMAT:
            raise Unsound("It was made by a version of Sincerely that this one does not know.")
        return Manifest(
            made_at=datetime.fromisoformat(facts["made_at"]),
            database=facts["database"],
            secret_print=facts["secret_print"],
            files=facts["files"],
        )
    except (OSError, ValueError, KeyError, TypeError) as problem:
        raise Unsound(f"{folder} is no backup: its {NAME} is missing or damaged.") from problem


def verify(folder: Path, manifest: Manifest) -> None:
    """Raise Unsound unless every file is, byte for byte, what was written."""
    for name, facts in manifest.files.items():
        path = folder / name
        if not path.is_file():
            raise Unsound(f"{path} is missing.")
        if path.stat().st_size != facts["bytes"] or digest(path) != facts["sha256"]:
            raise Unsound(f"{path} is damaged: it is not the file that was written.")


def facts_of(path: Path) -> dict[str, Any]:
    """Return size and hash of a file."""
    return {"bytes": path.stat().st_size, "sha256": digest(path)}


def digest(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def to_disk(path: Path) -> None:
    """Return when the file, or the folder's list of names, is on the disk."""
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
