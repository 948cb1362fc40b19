"""Postfix' own test server, `smtp-sink`, with its switches, and what it wrote down as a ledger."""

from __future__ import annotations

import getpass
import shutil
import socket
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest

from tests.engines.sending_world import until
from tests.installation import free_ports

PROGRAM = shutil.which("smtp-sink", path="/usr/sbin:/usr/bin:/usr/local/sbin:/opt/homebrew/sbin")
needs_sink = pytest.mark.skipif(
    PROGRAM is None, reason="smtp-sink is missing; Debian's package postfix has it"
)


class Sink:
    """A server on a port of its own; `ledger` counts the recipients whose content it heard out."""

    def __init__(self, port: int, folder: Path) -> None:
        self.port = port
        self._dump = folder / f"heard-{port}"
        self._seen = 0
        self._heard: Counter[str] = Counter()
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, *switches: str) -> None:
        """Run it with these switches, and wait until it listens."""
        assert PROGRAM
        user = ("-u", getpass.getuser())  # whom a superuser has to name
        words = [PROGRAM, *user, "-D", str(self._dump), *switches, f"127.0.0.1:{self.port}", "200"]
        self._process = subprocess.Popen(words, stderr=subprocess.DEVNULL)
        until(self._listens)

    def stop(self) -> None:
        """End it; one that ended by itself is fine."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    @property
    def ledger(self) -> Counter[str]:
        """How often the content for each recipient came to its end here."""
        if self._dump.exists():
            with self._dump.open("rb") as dump:
                dump.seek(self._seen)
                fresh = dump.read().rpartition(b"\n")[0]
            self._seen += len(fresh)
            marks = (line for line in fresh.splitlines() if line.startswith(b"X-Rcpt-Args: "))
            self._heard.update(m.partition(b"<")[2].partition(b">")[0].decode() for m in marks)
        return Counter(self._heard)

    def _listens(self) -> bool:
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=5):
            return True
        return False


@contextmanager
def sinks(switches: Sequence[Sequence[str]]) -> Iterator[list[Sink]]:
    """A sink for each of these sets of switches."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sinks-")))
        made = [Sink(port, folder) for port in free_ports(len(switches))]
        for sink, theirs in zip(made, switches, strict=True):
            stack.callback(sink.stop)
            sink.start(*theirs)
        yield made
