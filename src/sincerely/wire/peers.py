"""Whose address a request comes from: the peer's, or what a trusted proxy in front says."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import ip_address, ip_network

LONGEST = 80  # letters of an address with its zone and spaces; what is longer is not remembered


def address_of(client: str, forwarded: str | None, trusted: tuple[str, ...]) -> str:
    """Return the reader's address, '' if there is none.

    `client` is 'address:port'. X-Forwarded-For is believed only as far as trusted proxies wrote it:
    read from the right, the first address that is no trusted proxy.
    """
    peer = _plain(client.rpartition(":")[0])
    if not forwarded or not trusted or not _is_trusted(peer, trusted):
        return peer
    for hop in reversed(forwarded.split(",")):
        address = _plain(hop) if len(hop) <= LONGEST else ""
        if not address:
            return peer
        if not _is_trusted(address, trusted):
            return address
    return peer


@lru_cache(maxsize=16_384)
def _plain(text: str) -> str:
    try:
        return str(ip_address(text.strip().strip("[]").partition("%")[0]))
    except ValueError:
        return ""


@lru_cache(maxsize=4_096)
def _is_trusted(address: str, trusted: tuple[str, ...]) -> bool:
    return bool(address) and any(ip_address(address) in ip_network(net) for net in trusted)
