"""DKIM signatures, judged by dkimpy; sealed secrets."""

from __future__ import annotations

import re

import dkim as oracle
import pytest

from sincerely.wire.dkim import Signer, dns_record, make_key, zone_value
from sincerely.wire.vault import SealBroken, seal, unseal

HEAD = (
    b"From: Pet shop <mail@shop.example>\r\nTo: ann@example.com\r\n"
    b"Subject: =?utf-8?q?gr=C3=BC=C3=9Fe_from_all_of_us_at_the_shop_who_think_of_you?=\r\n"
    b" =?utf-8?q?_and_more?=\r\nDate: Mon, 15 Jun 2026 12:00:00 +0000\r\n"
    b"Message-ID: <m1.616263646566@shop.example>\r\n"
    b"List-Unsubscribe: <https://click.shop.example/u/token>\r\n"
    b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
)
KEY = make_key()
SIGNER = Signer(domain="shop.example", selector="sincerely", private_pem=KEY.private_pem)


def verifies(mail: bytes) -> bool:
    return bool(
        oracle.verify(mail, dnsfunc=lambda *_a, **_k: dns_record(KEY.public_base64).encode())
    )


@pytest.mark.parametrize(
    "body",
    [
        b"hello\r\n",
        b"no end",
        b"",
        b"spaces  \r\n\ttab\r\n\r\n\r\n\r\n",
        b"\r\n\r\n",
        b"x\r\n" * 5000,
    ],
)
def test_dkimpy_verifies(body: bytes) -> None:
    signature = SIGNER.sign(HEAD, body)
    assert max(map(len, signature.split(b"\r\n"))) < 200
    assert verifies(signature + HEAD + b"\r\n" + body)


def test_a_changed_mail_does_not_verify() -> None:
    signature = SIGNER.sign(HEAD, b"hello\r\n")
    assert not verifies(signature + HEAD + b"\r\nhullo\r\n")


@pytest.mark.parametrize("name", [b"List-Unsubscribe:", b"List-Unsubscribe-Post:", b"From:"])
def test_both_unsubscribe_headers_are_signed(name: bytes) -> None:
    signature = SIGNER.sign(HEAD, b"hello\r\n")
    changed = HEAD.replace(name + b" ", name + b" x")
    assert changed != HEAD
    assert not verifies(signature + changed + b"\r\nhello\r\n")


@pytest.mark.parametrize("second", [b"Subject: Other", b"From: b@c.nl", b"Reply-To: b@c.nl"])
def test_a_second_header_on_top_does_not_verify(second: bytes) -> None:
    signature = SIGNER.sign(HEAD, b"hello\r\n")
    assert verifies(signature + HEAD + b"\r\nhello\r\n")
    assert not verifies(second + b"\r\n" + signature + HEAD + b"\r\nhello\r\n")


def test_the_record_stands_in_a_zone_file_in_short_strings() -> None:
    record = dns_record(KEY.public_base64)
    strings = re.findall(r'"([^"]*)"', zone_value(record))
    assert max(map(len, strings)) <= 255
    assert "".join(strings) == record


def test_a_secret_opens_only_with_its_key_and_for_its_purpose() -> None:
    key = bytes(range(32))
    sealed = seal(key, b"canary", purpose="transport")
    assert unseal(key, sealed, purpose="transport") == b"canary"
    assert b"canary" not in sealed
    assert seal(key, b"canary", purpose="transport") != sealed
    wrong = [
        (key, sealed, "dkim"),
        (bytes(32), sealed, "transport"),
        (key, sealed[:-1] + b"\0", "transport"),
        (key, b"short", "transport"),
    ]
    for other_key, other, purpose in wrong:
        with pytest.raises(SealBroken):
            unseal(other_key, other, purpose=purpose)
