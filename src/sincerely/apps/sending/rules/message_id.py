"""The Message-ID of a message, derived from its row so that a repeat is recognisable."""

from __future__ import annotations

import re

PATTERN = re.compile(r"<m([0-9]{1,19})\.([0-9a-f]{12})@[^>\s]+>")


def message_id(number: int, nonce: bytes, *, domain: str) -> str:
    """Return `<m…@domain>`: the same row gives the same identifier, for ever."""
    return f"<m{number}.{nonce.hex()}@{domain}>"


def read_message_id(text: str) -> tuple[int, bytes] | None:
    """Return row number and nonce out of a Message-ID of ours, else None."""
    match = PATTERN.search(text)
    return (int(match[1]), bytes.fromhex(match[2])) if match else None
