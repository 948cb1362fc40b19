"""Writes of the operation domain: heartbeats, and files in pieces."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path

from django.db import transaction

from sincerely.apps.operation.models import FilePiece, Heartbeat, StoredFile

PIECE_BYTES = 512 * 1024  # a transaction of a few milliseconds
GONE_AFTER = timedelta(minutes=1)
FORGOTTEN_AFTER = timedelta(days=7)
ORPHANS_AFTER = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Life:
    """Which process lives, and how it is."""

    process: str
    host: str
    process_id: int
    started_at: datetime
    turned_at: datetime
    memory_bytes: int
    error_count: int
    trouble: str = ""
    trouble_at: datetime | None = None


def beat(life: Life, *, now: datetime) -> None:
    """Note that a process lives; forget those of its kind on this host that were replaced."""
    facts = asdict(life)
    key = {name: facts.pop(name) for name in ("process", "host", "process_id")}
    facts["trouble"] = life.trouble[:300]
    with transaction.atomic():
        Heartbeat.objects.update_or_create(**key, defaults={**facts, "seen_at": now})
        peers = Heartbeat.objects.filter(process=life.process, host=life.host)
        peers.filter(seen_at__lt=now - GONE_AFTER).delete()
        Heartbeat.objects.filter(seen_at__lt=now - FORGOTTEN_AFTER).delete()


def rest(life: Life) -> None:
    """Note that a process has ended as it was told to."""
    Heartbeat.objects.filter(
        process=life.process, host=life.host, process_id=life.process_id
    ).delete()


def store(name: str, parts: Iterable[bytes], *, now: datetime) -> int:
    """Write a file in pieces, each in a short transaction, and return its size in bytes.

    It exists when this returns, not before; what a crash leaves behind is swept a day later.
    """
    size = count = 0
    for count, piece in enumerate(_even(parts), 1):
        FilePiece.objects.create(name=name, number=count, content=piece, stored_at=now)
        size += len(piece)
    StoredFile.objects.create(name=name, size_bytes=size, piece_count=count, stored_at=now)
    return size


def keep_file(name: str, path: Path, *, now: datetime) -> int:
    """Store a file of this machine, so that every machine and every backup has it."""
    with path.open("rb") as file:
        return store(name, iter(lambda: file.read(PIECE_BYTES), b""), now=now)


def forget(name: str) -> None:
    """Remove a file; piece by piece, so that nobody waits for a long write."""
    StoredFile.objects.filter(pk=name).delete()
    while ids := list(FilePiece.objects.filter(name=name).values_list("pk", flat=True)[:20]):
        FilePiece.objects.filter(pk__in=ids).delete()


def sweep(*, now: datetime, limit: int = 20) -> bool:
    """Remove some pieces of files that were never finished; True while there may be more."""
    known = StoredFile.objects.values("name")
    orphans = FilePiece.objects.filter(stored_at__lt=now - ORPHANS_AFTER).exclude(name__in=known)
    ids = list(orphans.values_list("pk", flat=True)[:limit])
    FilePiece.objects.filter(pk__in=ids).delete()
    return len(ids) == limit


def _even(parts: Iterable[bytes]) -> Iterator[bytes]:
    """Cut what comes in any size into pieces of one size."""
    rest_of = bytearray()
    for part in parts:
        rest_of += part
        while len(rest_of) >= PIECE_BYTES:
            yield bytes(rest_of[:PIECE_BYTES])
            del rest_of[:PIECE_BYTES]
    if rest_of:
        yield bytes(rest_of)
