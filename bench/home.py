"""The installation that a benchmark works in: a folder and the settings that name it."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path


def begin() -> Path:
    """Set Django up in SINCERELY_BENCH_HOME, else in a folder that is gone afterwards.

    Models can be imported only after it. Processes that are started later find the same folder.
    """
    if "SINCERELY_BENCH_HOME" not in os.environ:
        made = tempfile.mkdtemp(prefix="sincerely-bench-")
        atexit.register(shutil.rmtree, made, ignore_errors=True)
        os.environ["SINCERELY_BENCH_HOME"] = made
    home = os.environ["SINCERELY_BENCH_HOME"]
    os.environ["SINCERELY_HOME"] = home
    os.environ["DJANGO_SETTINGS_MODULE"] = "sincerely.project.settings"
    os.environ.setdefault("SINCERELY_LOG_LEVEL", "WARNING")
    import django  # noqa: PLC0415 -- it reads the settings when it is set up

    django.setup()
    return Path(home)
