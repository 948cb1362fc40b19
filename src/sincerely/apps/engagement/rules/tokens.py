"""Tokens in tracked addresses: opaque, forgery-proof, bound to one purpose and one message.

A token is 32 bytes, 43 characters of base64url: a 16-byte tag, then mailing id, message id and the
message's nonce under a mask made from the tag (the SIV construction, so nobody reads ids out of a
link). The tag is a keyed BLAKE2b over purpose and content; a token for a click is refused as an
unsubscribe. Nothing else travels: the target of a click is looked up, never carried. The nonce is
compared with the message's row by whoever acts, so a restored database does not honour tokens of
ids that it hands out again.

Keys are rotated by passing several: the first mints, all verify.
"""

from __future__ import annotations

import hmac
from base64 import b64decode, urlsafe_b64encode
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from hashlib import blake2b

TAG_BYTES = 16
NONCE_BYTES = 6
TOKEN_LENGTH = 43
PROOF_LENGTH = 22
CONFIRM_PAGE = "confirm:page"  # the stored target of a link to the hosted thank-you page
Keys = bytes | tuple[bytes, ...]


class Purpose(StrEnum):
    """What a token may be used for."""

    CLICK = "click"
    OPEN = "open"
    UNSUBSCRIBE = "unsubscribe"
    VIEW = "view"
    PREFERENCES = "preferences"
    CONFIRM = "confirm"


@dataclass(frozen=True, slots=True)
class TokenFacts:
    """What a genuine token says."""

    mailing_id: int
    message_id: int
    nonce: bytes


def mint(keys: Keys, purpose: str, *, mailing_id: int, message_id: int, nonce: bytes) -> str:
    """Return the token of a message for one purpose; the same facts give the same token."""
    (token,) = mint_all(keys, (purpose,), mailing_id=mailing_id, message_id=message_id, nonce=nonce)
    return token


def mint_all(
    keys: Keys, purposes: tuple[str, ...], *, mailing_id: int, message_id: int, nonce: bytes
) -> list[str]:
    """Return the tokens of a message for several purposes, in their order: 2 µs apiece."""
    if len(nonce) != NONCE_BYTES:
        raise ValueError("A message's nonce has six bytes.")
    content = mailing_id.to_bytes(4, "big") + message_id.to_bytes(6, "big") + nonce
    number = int.from_bytes(content, "big")
    key = _first(keys)
    mask = _state(key, "mask")
    packed = []
    for purpose in purposes:
        state = _state(key, purpose).copy()
        state.update(content)
        tag = state.digest()
        stream = mask.copy()
        stream.update(tag)
        masked = number ^ int.from_bytes(stream.digest(), "big")
        packed.append(b"%b%b\0" % (tag, masked.to_bytes(TAG_BYTES, "big")))
    text = urlsafe_b64encode(b"".join(packed)).decode()
    return [text[start : start + TOKEN_LENGTH] for start in range(0, len(text), TOKEN_LENGTH + 1)]


def open_token(keys: Keys, purpose: str, token: str) -> TokenFacts | None:
    """Return what a token says, or None for anything that we did not mint for this purpose."""
    packed = _unpacked(token)
    if packed is None:
        return None
    tag, masked = packed[:TAG_BYTES], packed[TAG_BYTES:]
    for key in (keys,) if isinstance(keys, bytes) else keys:
        content = _masked(key, tag, masked)
        if hmac.compare_digest(tag, _tag(key, purpose, content)):
            return TokenFacts(
                mailing_id=int.from_bytes(content[:4], "big"),
                message_id=int.from_bytes(content[4:10], "big"),
                nonce=content[10:],
            )
    return None


def prove_simulated(keys: Keys, token: str) -> str:
    """Return the proof that the test mailbox adds to a link (`?simulated=…`) to click as a contact.

    It cannot be made from the mail alone, so no recipient can pass for the test mailbox.
    """
    digest = blake2b(b"simulated\0" + token.encode(), key=_first(keys), digest_size=16).digest()
    return urlsafe_b64encode(digest)[:PROOF_LENGTH].decode()


def is_simulated(keys: Keys, token: str, proof: str) -> bool:
    """Say whether the proof is genuine for this token."""
    candidates = (keys,) if isinstance(keys, bytes) else keys
    given = proof.encode(errors="replace")
    return any(
        hmac.compare_digest(prove_simulated(key, token).encode(), given) for key in candidates
    )


def _first(keys: Keys) -> bytes:
    return keys if isinstance(keys, bytes) else keys[0]


@lru_cache(maxsize=64)
def _state(key: bytes, purpose: str) -> blake2b:
    """A keyed state to copy: half the price of keying afresh for each token."""
    state = blake2b(key=key, digest_size=TAG_BYTES)
    state.update(purpose.encode() + b"\0")
    return state


def _tag(key: bytes, purpose: str, content: bytes) -> bytes:
    state = _state(key, purpose).copy()
    state.update(content)
    return state.digest()


def _masked(key: bytes, tag: bytes, content: bytes) -> bytes:
    """Mask or unmask: exclusive or with a stream that only the key and the tag give."""
    stream = _tag(key, "mask", tag)
    number = int.from_bytes(content, "big") ^ int.from_bytes(stream, "big")
    return number.to_bytes(TAG_BYTES, "big")


def _unpacked(token: str) -> bytes | None:
    """Decode; only the one canonical spelling of 32 bytes is accepted."""
    if len(token) != TOKEN_LENGTH or not token.isascii():
        return None
    try:
        packed = b64decode(token + "=", altchars=b"-_", validate=True)
    except ValueError:
        return None
    return packed if urlsafe_b64encode(packed)[:TOKEN_LENGTH].decode() == token else None
