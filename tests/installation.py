"""A real installation in a folder of its own: processes, ports and an owner, for whole-path tests.

Everything runs on loopback, stops with the block, and is found by its folder, never by its name.
"""

from __future__ import annotations

import atexit
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

OWNER = ("alice@team.example", "correct horse battery")
PREPARE = """
import json, sys
from datetime import UTC, datetime
import django; django.setup()
from sincerely.project import installation
installation.prepare()
from sincerely.apps.team.models import Brand, Member, Organisation
from sincerely.apps.sending.actions import ensure_default_sender
now = datetime.now(UTC)
Organisation.objects.create(pk=1, name="Pet shop", set_up_at=now)
brand = Brand.objects.create(name="Pet shop", postal_address="1 High Street, Ghent", created_at=now)
ensure_default_sender(brand_id=brand.pk, name="Pet shop", address="hello@shop.example", now=now)
email, password = json.loads(sys.argv[1])
Member.objects.create_user(email, password, name="Alice", role="owner", created_at=now)
"""


@dataclass(frozen=True)
class Installation:
    """Where a running installation is and how to act in it."""

    home: Path
    url: str
    tracker_url: str
    environment: dict[str, str]
    supervisor: subprocess.Popen[bytes]

    def python(self, code: str, *arguments: str) -> str:
        """Run Python inside the installation and return what it printed."""
        done = subprocess.run(
            [sys.executable, "-c", code, *arguments],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


@contextmanager
def installation(home: Path, *, only: tuple[str, ...] = ()) -> Iterator[Installation]:
    """Run an installation with an owner for the length of the block."""
    ports = free_ports(3)
    environment = _environment(home) | {
        "SINCERELY_WEB": f"127.0.0.1:{ports[0]}",
        "SINCERELY_TRACKER": f"127.0.0.1:{ports[1]}",
        "SINCERELY_MAILBOX": f"127.0.0.1:{ports[2]}",
    }
    shutil.copytree(_prepared(), home, dirs_exist_ok=True)
    names = ["--only", *only] if only else []
    supervisor = subprocess.Popen(
        [sys.executable, "-m", "sincerely.cli", "serve", "--quiet", *names], env=environment
    )
    running = Installation(
        home=home,
        url=f"http://localhost:{ports[0]}",
        tracker_url=f"http://localhost:{ports[1]}",
        environment=environment,
        supervisor=supervisor,
    )
    try:
        if not only or "web" in only:
            wait_for(f"{running.url}/account/login/")
        yield running
    finally:
        supervisor.send_signal(signal.SIGTERM)
        supervisor.wait(timeout=30)


@cache
def _prepared() -> Path:
    """Return a folder with a migrated database and an owner, made once in a process.

    Migrating costs several seconds of CPU; copying the folder costs none.
    """
    home = Path(tempfile.mkdtemp(prefix="sincerely-prepared-"))
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    command = [sys.executable, "-c", PREPARE, json.dumps(OWNER)]
    subprocess.run(command, env=_environment(home), check=True, timeout=120)
    return home


def _environment(home: Path) -> dict[str, str]:
    given = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "sincerely.project.settings",
        "SINCERELY_HOME": str(home),
        "SINCERELY_SECRET": "a secret for this installation",
        "SINCERELY_CLOCK_TURNABLE": "true",
        "SINCERELY_LOG_LEVEL": "WARNING",
    }
    given.pop("SINCERELY_TEST_DATABASE_URL", None)
    given.pop("DATABASE_URL", None)
    return given


def wait_for(url: str, *, timeout_seconds: float = 60) -> None:
    """Return when a page answers with 200."""
    deadline = time.monotonic() + timeout_seconds
    while True:
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                if answer.status == 200:
                    return
        except OSError:
            pass
        assert time.monotonic() < deadline, f"{url} does not answer"
        time.sleep(0.1)


def free_ports(count: int) -> list[int]:
    """Return ports that nobody uses at this moment."""
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [int(one.getsockname()[1]) for one in sockets]
    for one in sockets:
        one.close()
    return ports
