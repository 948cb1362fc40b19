"""The installation's secret and the keys derived from it, one per purpose.

The secret comes from the environment (`SINCERELY_SECRET`) or, on a single machine, from the file
`secret` in the installation's folder, made at first start and readable by its owner only. Keys are
derived by keyed BLAKE2b so that a token made for one purpose never verifies for another.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from pathlib import Path


def load_secret(home: Path, given: str) -> bytes:
    """Return the secret: the given one, else the stored one, else a new one that is now stored."""
    if given:
        return hashlib.blake2b(given.encode(), digest_size=32, person=b"sincerely-env").digest()
    path = home / "secret"
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return bytes.fromhex(_read_when_written(path))
    with os.fdopen(handle, "w") as out:
        out.write(secrets.token_hex(32))
    return bytes.fromhex(path.read_text().strip())


def _read_when_written(path: Path) -> str:
    """Read the secret; another process may be between creating and writing it."""
    for _ in range(1_000_000):
        text = path.read_text().strip()
        if len(text) == 64:
            return text
    raise RuntimeError(f"{path} is damaged: restore it from a backup, or set SINCERELY_SECRET.")


def derive_key(secret: bytes, purpose: str) -> bytes:
    """Return 32 bytes for this purpose (at most 64 bytes of UTF-8)."""
    return hashlib.blake2b(purpose.encode(), key=secret, digest_size=32).digest()
