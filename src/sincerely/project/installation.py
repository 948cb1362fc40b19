"""`sincerely migrate`: bring the database up to date and see that the seeds are there."""

from __future__ import annotations

import argparse

from django.conf import settings
from django.core.management import call_command


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """No options."""


def prepare() -> None:
    """Create the folders and migrate; safe to repeat and to interrupt."""
    for folder in (settings.UPLOADS, settings.STATIC_ROOT):
        folder.mkdir(parents=True, exist_ok=True)
    call_command("migrate", verbosity=0, interactive=False)


def run(options: argparse.Namespace) -> int:
    """Migrate and say so."""
    prepare()
    print("The database is up to date.")
    return 0
