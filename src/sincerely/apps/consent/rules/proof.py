"""The proof of a consent record: personal values and the commitment to them. Pure.

The commitment is SHA-256 over a random salt and the canonical payload. Erasing salt and payload
leaves a commitment that tells nothing about the person, and the seals above it stay whole.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass

SALT_BYTES = 16
HASH_BYTES = 32


@dataclass(frozen=True, slots=True)
class Proof:
    """The personal values behind a consent record; empty where unknown."""

    address: str
    ip: str = ""
    user_agent: str = ""
    document: str = ""
    wording_hash: str = ""


def canonical_payload(proof: Proof) -> str:
    """Return the one JSON text of these values: sorted keys, no spaces, UTF-8 kept as it is."""
    return json.dumps(asdict(proof), sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def read_payload(payload: str) -> Proof:
    """Return the values of a payload; raises ValueError where it is not one."""
    values = json.loads(payload)
    if not isinstance(values, dict) or "address" not in values:
        raise ValueError("Not the payload of a consent record.")
    return Proof(**{str(name): str(value) for name, value in values.items()})


def commitment_of(salt: bytes, payload: str) -> bytes:
    """Return the 32 bytes that bind salt and payload; SQL knows the same function."""
    return hashlib.sha256(salt + payload.encode()).digest()


Binary = bytes | memoryview


def is_verifiable(salt: Binary | None, payload: str | None, commitment: Binary) -> bool:
    """Say whether the evidence is still there and still the one that was recorded."""
    if salt is None or payload is None:
        return False
    return commitment_of(bytes(salt), payload) == bytes(commitment)


def wording_hash(text: str) -> bytes:
    """Return the 32 bytes under which a consent text is known."""
    return hashlib.sha256(text.strip().encode()).digest()
