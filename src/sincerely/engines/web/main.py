"""The web process: Django under granian's WSGI server, one worker with several threads."""

from __future__ import annotations

import os
import threading

from django.conf import settings
from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

THREADS = 4


def run(stop: threading.Event) -> None:
    """Serve pages; granian takes the stop signals itself while it runs."""
    os.environ["WEB_PROCESS"] = str(os.getpid())  # whom the worker does not outlive
    host, _, port = settings.WEB_ADDRESS.rpartition(":")
    Granian(
        "sincerely.project.wsgi:application",
        address=host,
        port=int(port),
        interface=Interfaces.WSGI,
        workers=1,
        blocking_threads=THREADS,
        log_level=LogLevels.error,
        respawn_failed_workers=True,
    ).serve()
