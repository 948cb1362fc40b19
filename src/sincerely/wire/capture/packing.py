"""Captures of one commit packed into one row: a third of the price of a row each.

A batch is JSON text, readable as it stands. The id of a capture is its batch's number times
`PER_BATCH` plus its place in the batch, so ids grow in the order of the batches. More captures
than that make several batches, so that a reader in small slices does not decode much twice.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sincerely.wire.capture.port import UNSUBSCRIBE, Capture, Stored

PER_BATCH = 250
NUL = "\\u0000"


def batches(captures: Sequence[Capture]) -> Iterator[Sequence[Capture]]:
    """Yield the captures in batches."""
    for start in range(0, len(captures), PER_BATCH):
        yield captures[start : start + PER_BATCH]


def pack(captures: Sequence[Capture]) -> str:
    """Return the captures as text; NUL, which no text of PostgreSQL holds, is left out."""
    body = _dumped(captures)
    if NUL in body:
        body = _dumped([Capture._make(map(_without_nul, capture)) for capture in captures])
    return body


def unpack(number: int, body: str) -> list[Stored]:
    """Return the captures of a batch with their ids."""
    first = number * PER_BATCH
    return [
        Stored(first + place, Capture._make((*row[:4], bytes.fromhex(row[4]), *row[5:])))
        for place, row in enumerate(json.loads(body))
    ]


def chosen(rows: Iterable[tuple[int, str]], after_id: int, limit: int) -> list[Stored]:
    """Return at most `limit` captures after an id from batches that come in order."""
    found: list[Stored] = []
    for number, body in rows:
        found += [stored for stored in unpack(number, body) if stored.id > after_id]
        if len(found) >= limit:
            break
    return found[:limit]


def unsubscribes(captures: Sequence[Capture]) -> list[tuple[int, int]]:
    """Return (place, message id) of the one-click unsubscribes."""
    return [
        (place, capture.message_id)
        for place, capture in enumerate(captures)
        if capture.kind == UNSUBSCRIBE
    ]


def _dumped(captures: Sequence[Capture]) -> str:
    return json.dumps(
        [(*capture[:4], capture[4].hex(), *capture[5:]) for capture in captures],
        separators=(",", ":"),
    )


def _without_nul(value: Any) -> Any:
    return value.replace("\0", "") if isinstance(value, str) else value
