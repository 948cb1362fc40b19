"""The seal over consent records: a Merkle root, chained to the seal before. Pure.

Leaves and inner nodes are hashed with different first bytes (as in RFC 6962, section 2.1), so that
no inner node can pass for a record.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

NO_SEAL = bytes(32)


def merkle_root(commitments: Sequence[bytes]) -> bytes:
    """Return the root over the commitments in their order; an odd node moves up unchanged."""
    level = [hashlib.sha256(b"\x00" + bytes(c)).digest() for c in commitments]
    if not level:
        raise ValueError("Nothing to seal.")
    while len(level) > 1:
        pairs = [
            hashlib.sha256(b"\x01" + level[i] + level[i + 1]).digest()
            for i in range(0, len(level) - 1, 2)
        ]
        level = pairs + level[len(level) - len(level) % 2 :]
    return level[0]


def chain(before: bytes, *, root: bytes, first_id: int, last_id: int) -> bytes:
    """Return the value that binds this seal to the one before (`NO_SEAL` for the first)."""
    span = f"{first_id}-{last_id}".encode()
    return hashlib.sha256(b"\x02" + bytes(before) + bytes(root) + span).digest()
