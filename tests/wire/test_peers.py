"""Whose request it is: believed as far as trusted proxies wrote it."""

from __future__ import annotations

import pytest

from sincerely.wire.peers import address_of

PROXIES = ("127.0.0.1/32", "10.0.0.0/8")


@pytest.mark.parametrize(
    ("client", "forwarded", "expected"),
    [
        ("203.0.113.9:51000", None, "203.0.113.9"),
        ("203.0.113.9:51000", "198.51.100.1", "203.0.113.9"),
        ("127.0.0.1:51000", "198.51.100.1", "198.51.100.1"),
        ("127.0.0.1:51000", "198.51.100.1, 203.0.113.7", "203.0.113.7"),
        ("127.0.0.1:51000", "198.51.100.1, 10.1.2.3", "198.51.100.1"),
        ("127.0.0.1:51000", "not an address", "127.0.0.1"),
        ("127.0.0.1:51000", "198.51.100.1" + " " * 8_000, "127.0.0.1"),
        ("[2001:db8::1]:51000", None, "2001:db8::1"),
        ("127.0.0.1:51000", "fe80::1%eth0", "fe80::1"),
        ("", None, ""),
    ],
)
def test_only_what_trusted_proxies_wrote_counts(
    client: str, forwarded: str | None, expected: str
) -> None:
    assert address_of(client, forwarded, PROXIES) == expected
