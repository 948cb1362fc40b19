"""A fresh installation for the demo: a folder, ports and processes of its own."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

INSIDE = "SINCERELY_DEMO_HOME"


def enter(arguments: list[str]) -> None:
    """Start this command again in a fresh world, unless we are in one; does not return then."""
    if os.environ.get(INSIDE):
        return
    home = tempfile.mkdtemp(prefix="sincerely-demo-")
    ports = _free_ports(3)
    environment = {
        **os.environ,
        INSIDE: home,
        "SINCERELY_HOME": home,
        "SINCERELY_SECRET": secrets.token_hex(32),
        "SINCERELY_CLOCK_TURNABLE": "true",
        "SINCERELY_LOG_LEVEL": os.environ.get("SINCERELY_LOG_LEVEL", "WARNING"),
        "SINCERELY_WEB": f"127.0.0.1:{ports[0]}",
        "SINCERELY_TRACKER": f"127.0.0.1:{ports[1]}",
        "SINCERELY_MAILBOX": f"127.0.0.1:{ports[2]}",
    }
    os.execve(  # noqa: S606 -- ourselves
        sys.executable, [sys.executable, "-m", "sincerely.cli", "demo", *arguments], environment
    )


def home() -> Path:
    """Return the folder of this world."""
    return Path(os.environ[INSIDE])


@contextmanager
def processes(names: tuple[str, ...]) -> Iterator[subprocess.Popen[bytes]]:
    """Run these engines under a supervisor for the length of the block."""
    command = [sys.executable, "-m", "sincerely.cli", "serve", "--quiet", "--only", *names]
    supervisor = subprocess.Popen(command)  # noqa: S603 -- our own command
    try:
        yield supervisor
    finally:
        supervisor.send_signal(signal.SIGTERM)
        supervisor.wait(timeout=30)


def wait_for_port(address: str, *, timeout_seconds: float = 60) -> None:
    """Return when something listens at `host:port`; TimeoutError if nothing does in time."""
    host, _, port = address.rpartition(":")
    deadline = time.monotonic() + timeout_seconds
    while True:
        try:
            socket.create_connection((host, int(port)), timeout=1).close()
        except OSError:
            if time.monotonic() > deadline:
                raise TimeoutError(f"Nothing answers at {address}.") from None
            time.sleep(0.1)
        else:
            return


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [int(one.getsockname()[1]) for one in sockets]
    for one in sockets:
        one.close()
    return ports
