"""Secrets at rest: AES-256-GCM with a key that is not in the database.

A sealed secret is 12 random bytes of nonce, then ciphertext and tag; `purpose` is authenticated, so
a secret sealed for one place cannot be moved to another.
"""

from __future__ import annotations

import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE_BYTES = 12


class SealBroken(Exception):
    """The secret was not sealed with this key for this purpose, or was changed."""


def seal(key: bytes, secret: bytes, *, purpose: str) -> bytes:
    """Return the secret encrypted under `key` (32 bytes); each call gives other bytes."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, secret, purpose.encode())


def unseal(key: bytes, sealed: bytes, *, purpose: str) -> bytes:
    """Return the secret; raises SealBroken where key, purpose or bytes do not fit."""
    try:
        return AESGCM(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], purpose.encode())
    except (InvalidTag, ValueError) as error:
        raise SealBroken("The secret cannot be opened with this installation's key.") from error
