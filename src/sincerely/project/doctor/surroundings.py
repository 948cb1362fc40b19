"""Checks of what the program stands on: database, keys, folders, disk, processes, transport."""

from __future__ import annotations

import os
import shutil
import socket
import stat

from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from sincerely.apps.sending.models import Transport, TransportKind
from sincerely.project.doctor.processes import signs_of_life
from sincerely.project.doctor.verdicts import Check, Finding
from sincerely.wire import clock

LEAST_FREE_BYTES = 1_000_000_000


def surroundings() -> list[Check]:
    """Return the checks of the installation itself."""
    return [
        Check("The database answers.", _database, is_needed=True),
        Check("The database is up to date.", _migrations, is_needed=True),
        Check("The secret is readable by its owner only.", _secret),
        Check("The folder of the installation can be written.", _folder),
        Check("The disk has at least one gigabyte left.", _disk),
        Check("The business clock tells the real time.", _clock),
        Check("The processes run.", signs_of_life),
        Check("There is a way for mail to leave.", _transport),
    ]


def _database() -> list[Finding]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        cursor.fetchone()
    return []


def _migrations() -> list[Finding]:
    executor = MigrationExecutor(connection)
    waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [Finding(f"{m.app_label} lacks {m.name}: run `sincerely migrate`.") for m, _ in waiting]


def _secret() -> list[Finding]:
    if os.environ.get("SINCERELY_SECRET"):
        return [Finding("It comes from the environment.", is_note=True)]
    path = settings.HOME / "secret"
    if not path.exists():
        return [Finding(f"{path} is missing: without it no link in mail that is out works.")]
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        return [Finding(f"{path} can be read by others: run `chmod 600 {path}`.")]
    return []


def _folder() -> list[Finding]:
    if os.access(settings.HOME, os.W_OK | os.X_OK):
        return []
    return [Finding(f"{settings.HOME} cannot be written: give it to the user who runs this.")]


def _disk() -> list[Finding]:
    free = shutil.disk_usage(settings.HOME).free
    if free >= LEAST_FREE_BYTES:
        return []
    return [Finding(f"{free // 1_000_000} MB are left: make room before the next mailing.")]


def _clock() -> list[Finding]:
    if settings.CLOCK_TURNABLE:
        return [Finding(f"It may be turned and says {clock.now():%Y-%m-%d %H:%M}.", is_note=True)]
    return []


def _answers(place: str) -> bool:
    host, _, port = place.rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=2).close()
    except OSError:
        return False
    return True


def _transport() -> list[Finding]:
    chosen = Transport.objects.filter(archived_at=None, is_default=True).first()
    if chosen is None:
        return [Finding("No transport is the default: choose one under Settings, Transports.")]
    if chosen.kind != TransportKind.SMTP:
        return [Finding(f"Mail leaves by “{chosen.name}”.", is_note=True)]
    if not _answers(f"{chosen.host}:{chosen.port}"):
        return [Finding(f"The relay {chosen.host}:{chosen.port} does not answer.")]
    return []
