"""A power cut: what a disk would hold if it stopped at some moment, from a record of all writes.

`strace` writes down every write and every flush of an engine to the files of a database. An image
of a moment holds what was flushed before it; of what was not, sectors of 512 bytes are kept or
lost by chance, each for itself, as a disk may write them in any order and be cut at any of them.
"""

from __future__ import annotations

import random
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.engines.sending_world import until

PROGRAM = shutil.which("strace")
needs_strace = pytest.mark.skipif(PROGRAM is None, reason="strace is missing (Debian: strace)")
CALLS = "pwrite64,pwritev2,write,fsync,fdatasync,ftruncate"
LINE = re.compile(
    r"(?P<at>[\d.]+) (?P<call>\w+)\(\d+<(?P<path>[^>]*)>(?:, (?P<given>.*?))?\)"
    r"\s+= (?P<result>\d+) <(?P<took>[\d.]+)>"
)
PIECE = re.compile(
    r"\[\{iov_base=(?P<content>\"[^\"]*\"), iov_len=\d+\}\], 1, (?P<offset>\d+), (?P<flags>\w+)"
)
SECTOR = 512


@dataclass(frozen=True, slots=True)
class Call:
    """A write or a flush, with its begin and end in seconds since 1970."""

    name: str
    path: str
    begin: float
    end: float
    offset: int = 0
    content: bytes = b""


@dataclass
class Record:
    """The files as they were at the start, and what happened to them since.

    `beside` is a folder whose files appear and go meanwhile.
    """

    files: list[Path]
    folder: Path
    beside: Path | None = None
    base: dict[str, bytes] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)

    def image(
        self, moment: float, place: Path, chance: random.Random, *, lies: str | None = None
    ) -> Path:
        """Put into a folder what the disk holds after a cut.

        Files whose name ends with `lies` are on a disk that never flushed.
        """
        place.mkdir(parents=True, exist_ok=True)
        for file in self.files:
            held = bytearray(self.base.get(str(file), b""))
            mine = [call for call in self.calls if call.path == str(file) and call.begin <= moment]
            flushes = [_covers(c) for c in mine if "sync" in c.name and c.end <= moment]
            is_lying = lies is not None and file.name.endswith(lies)
            safe = 0.0 if is_lying else max(flushes, default=0.0)
            for call in mine:
                _apply(call, held, chance if call.end > safe else None)
            (place / file.name).write_bytes(held)
        return place / self.files[0].name

    def read(self) -> None:
        """Read what was written down, by every thread, in order."""
        for log in self.folder.glob("calls.*"):
            self.calls += [call for line in log.open() if (call := _call(line, self._holds))]
        self.calls.sort(key=lambda call: call.end)
        known = {str(file) for file in self.files}
        self.files += [Path(path) for path in sorted({call.path for call in self.calls} - known)]

    def _holds(self, path: str) -> bool:
        """Say whether a file is one of those that the record is about."""
        return Path(path) in self.files or Path(path).parent == self.beside


def _covers(call: Call) -> float:
    """Until when writes are safe by a flush; one that is flushed by its own call is among them."""
    return call.end if call.content else call.begin


def _apply(call: Call, held: bytearray, chance: random.Random | None) -> None:
    """Do to a file what a call did; by chance only, sector by sector, where it was not flushed."""
    if call.name == "ftruncate":
        if chance is None or chance.random() < 0.5:
            del held[call.offset :]
        return
    for begin in range(0, len(call.content), SECTOR):
        part, at = call.content[begin : begin + SECTOR], call.offset + begin
        if chance is None or chance.random() < 0.5:
            held.extend(bytes(max(0, at - len(held))))
            held[at : at + len(part)] = part


def _call(line: str, is_ours: Callable[[str], bool]) -> Call | None:
    found = LINE.match(line)
    if found is None or not is_ours(_text(found["path"])):
        return None
    begin = float(found["at"])
    where = _text(found["path"]), begin, begin + float(found["took"])
    name, given = found["call"], (found["given"] or "").split(", ")
    if name == "pwritev2":  # one piece; flushed by the same call where a flag says so
        piece = PIECE.match(found["given"])
        assert piece, "a write of several pieces"
        whole = _bytes(piece["content"])[: int(found["result"])]
        name = "write, sync" if "RWF_DSYNC" in piece["flags"] else "write"
        return Call(name, *where, int(piece["offset"]), whole)
    if name == "pwrite64":
        assert given[0].endswith('"'), "strace cut the content short"
        return Call(name, *where, int(given[-1]), _bytes(given[0])[: int(found["result"])])
    assert name != "write", "a write without a place"
    return Call(name, *where, int(given[0]) if name == "ftruncate" else 0)


def _bytes(quoted: str) -> bytes:
    return bytes.fromhex(quoted.strip('"').replace("\\x", ""))


def _text(path: str) -> str:
    return _bytes(path).decode() if path.startswith("\\x") else path


@contextmanager
def recorded(process: int, *databases: Path, beside: Path | None = None) -> Iterator[Record]:
    """Write down what this process and its children do to SQLite databases, and in a folder."""
    assert PROGRAM
    real = [database.resolve() for database in databases]
    files = [file for each in real for file in (each, each.with_name(f"{each.name}-wal"))]
    with tempfile.TemporaryDirectory(prefix="calls-") as name:
        folder = beside.resolve() if beside else None
        record = Record(files, Path(name), folder)
        options = ["-qq", "-ff", "-y", "-xx", "-s", "1000000", "-ttt", "-T", "-e", "signal=none"]
        words = [PROGRAM, *options, "-e", f"trace={CALLS}", "-o", f"{name}/calls"]
        # Files that appear later have no name yet: all is written down then, and chosen afterwards.
        paths = [] if beside else [word for file in record.files for word in ("-P", str(file))]
        tracer = subprocess.Popen([*words, *paths, "-p", str(process)], stderr=subprocess.PIPE)
        try:
            until(lambda: tracer.poll() is not None or _is_traced(process))
            if tracer.poll() is not None:
                pytest.skip("this machine does not let strace look at a process")
            record.base = {str(file): _copy(file) for file in record.files}
            yield record
        finally:
            tracer.terminate()
            tracer.communicate()
        record.read()


def _copy(file: Path) -> bytes:
    """Read a file by another process: to close it here would end SQLite's locks on it."""
    return subprocess.run(["cat", str(file)], capture_output=True, check=False).stdout


def _is_traced(process: int) -> bool:
    status = Path(f"/proc/{process}/status").read_text()
    return "TracerPid:\t0\n" not in status


def real_time(monotonic: float) -> float:
    """Return a moment of the monotonic clock in seconds since 1970."""
    return monotonic + time.time() - time.monotonic()
