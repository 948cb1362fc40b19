"""`sincerely migrate`: bring the database up to date and see that the seeds are there.

All that is missing is done in one transaction: Django records a migration in a transaction of its
own, so that a kill between the two would leave one that is applied and yet repeated. Killed
anywhere here, nothing has happened. Several machines may begin at once: one does it, others wait.
"""

from __future__ import annotations

import argparse

from django.conf import settings
from django.core.management import call_command
from django.db import connection, transaction

LOCK = 7_208_142_300


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """No options."""


def prepare() -> None:
    """Create the folders and migrate; safe to repeat, to interrupt and to do twice at once."""
    for folder in (settings.UPLOADS, settings.STATIC_ROOT):
        folder.mkdir(parents=True, exist_ok=True)
    if connection.vendor == "sqlite":
        connection.disable_constraint_checking()  # SQLite: not possible inside a transaction
    try:
        with transaction.atomic():
            if connection.vendor == "postgresql":
                with connection.cursor() as cursor:
                    # Rows of one migration must not be pending when the next alters their table.
                    cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
                    cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
            call_command("migrate", verbosity=0, interactive=False)
    finally:
        connection.close()


def run(options: argparse.Namespace) -> int:
    """Migrate and say so."""
    prepare()
    print("The database is up to date.")
    return 0
