"""The journal of hand-overs: what has begun, what was heard, and how that is written down.

Before the first byte of a mail's content one durable record says that it begins, and what became of
the mail before it on that connection. Big tables learn of it in large batches, later. Whoever takes
over from a dead sender reads its journal: what was heard is settled, what had begun without an
answer is unknown, what was only cleared to leave is given back.

This module has no disk and no database: records, their frames in a file, and what they add up to.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple, Protocol
from zlib import crc32

from sincerely.wire.smtp.replies import Outcome, Reply, Stage

LONGEST_WORDS = 300
Told = tuple[str, int | None, str, bool, float | None]  # an outcome in a record
HEAD = struct.Struct("<III")  # generation, length, checksum over both and the record


class JournalLost(Exception):
    """Somebody took the journal over: its sender must begin nothing any more."""


class Key(NamedTuple):
    """A message under the fence of its claim."""

    id: int
    fence: int


class Journal(Protocol):
    """Where records go. Every call returns when it is durable, or raises.

    JournalLost is final; any other error may pass, and the same record is given again.
    """

    @property
    def is_near(self) -> bool:
        """A record usually takes less time than telling another thread to write it."""

    def has_room(self, size: int) -> bool:
        """Say whether a record of so many bytes can be added."""

    def append(self, record: bytes) -> None:
        """Add a record."""

    def begin_anew(self, record: bytes) -> None:
        """Make this record, which says all that is open, the first; what was before is void."""

    def close(self) -> None:
        """Let go of what is open; what is written stays."""


@dataclass(slots=True)
class Ledger:
    """What a journal's records add up to, or what a sender has to say at this moment."""

    begun: set[Key] = field(default_factory=set)
    heard: dict[Key, Outcome] = field(default_factory=dict)

    def note(self, heard: Iterable[tuple[Key, Outcome]], begun: Iterable[Key]) -> None:
        """Take outcomes, then beginnings."""
        for key, outcome in heard:
            self.begun.discard(key)
            self.heard[key] = outcome
        self.begun.update(begun)

    def forget(self, keys: Iterable[Key]) -> None:
        """Leave out what the messages themselves say by now."""
        for key in keys:
            self.begun.discard(key)
            self.heard.pop(key, None)

    def record(self) -> bytes:
        """Return one record that says it all."""
        return encode(self.heard.items(), self.begun)


def encode(heard: Iterable[tuple[Key, Outcome]], begun: Iterable[Key]) -> bytes:
    """Return a record: outcomes, and what begins when it is durable."""
    return json.dumps([[(key, _told(o)) for key, o in heard], list(begun)]).encode()


def _told(outcome: Outcome) -> Told:
    reply = outcome.reply
    code, text = (reply.code, reply.text[:LONGEST_WORDS]) if reply else (None, "")
    at = outcome.at.timestamp() if outcome.at else None
    return outcome.stage.value, code, text, outcome.is_unknown, at


def ledger_of(records: Iterable[bytes]) -> Ledger:
    """Return what records add up to, in their order."""
    ledger = Ledger()
    for record in records:
        heard, begun = json.loads(record)
        outcomes = ((Key(*key), _retold(told)) for key, told in heard)
        ledger.note(outcomes, (Key(*key) for key in begun))
    return ledger


def _retold(told: Told) -> Outcome:
    stage, code, text, is_unknown, at = told
    return Outcome(
        Stage(stage),
        None if code is None else Reply(code, text),
        is_unknown=is_unknown,
        at=None if at is None else datetime.fromtimestamp(at, UTC),
    )


def framed(generation: int, record: bytes) -> bytes:
    """Return a record as it stands in a file."""
    size = len(record)
    return HEAD.pack(generation, size, _checksum(generation, record)) + record


def unframed(part: bytes) -> tuple[int, list[bytes]]:
    """Return the generation of a part of a file and its records, up to the first broken one.

    A record of another generation is what was there before. No record at all is generation 0.
    """
    found: list[bytes] = []
    at = first = 0
    while at + HEAD.size <= len(part):
        generation, size, checksum = HEAD.unpack_from(part, at)
        record = part[at + HEAD.size : at + HEAD.size + size]
        first = first or generation
        if generation != first or len(record) < size or checksum != _checksum(generation, record):
            break
        found.append(record)
        at += HEAD.size + size
    return (first, found) if found and first else (0, [])


def _checksum(generation: int, record: bytes) -> int:
    return crc32(record, crc32(struct.pack("<II", generation, len(record))))
