"""Headers that nothing breaks out of, retries, no-reply addresses, what locks a transport. Pure."""

from __future__ import annotations

import email
import re
from datetime import UTC, datetime, timedelta
from email.header import decode_header, make_header
from email.policy import default as modern

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sincerely.apps.content.rules.encoding import encode_header
from sincerely.apps.sending.rules import headers, retry
from sincerely.apps.sending.rules.message_id import message_id, read_message_id
from sincerely.apps.sending.rules.no_reply import is_no_reply
from sincerely.apps.sending.rules.readiness import Facts, is_local, locks

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
anything = st.text(max_size=200)


@given(anything, anything)
def test_any_value_gives_the_same_headers(subject: str, name: str) -> None:
    try:
        fields = [
            (b"From", headers.mailbox_value("From", name, "mail@shop.example")),
            (b"Subject", encode_header("Subject", subject)),
            (b"X-End", b"end"),
        ]
        block = headers.block(fields)  # refuses what the encoding let through, such as a NUL
    except (headers.BadHeader, UnicodeEncodeError):
        return
    mail = email.message_from_bytes(block + b"\r\nbody", policy=modern)
    assert mail.keys() == ["From", "Subject", "X-End"]
    assert mail["X-End"] == "end"
    assert mail.get_payload() == "body"
    assert mail["From"].addresses[0].addr_spec == "mail@shop.example"


@given(anything)
def test_control_characters_never_pass(value: str) -> None:
    if any(sign in value for sign in "\r\n\0"):
        with pytest.raises(headers.BadHeader):
            headers.mailbox_value("From", value, "mail@shop.example")


@pytest.mark.parametrize(
    "name", ["Ann", 'Ann "the" Shop', "Grüße & Co, Ltd.", "a@b.example", "x" * 100, "=?utf-8?q?x?="]
)
def test_display_names_survive(name: str) -> None:
    value = headers.mailbox_value("From", name, "mail@shop.example")
    mail = email.message_from_bytes(b"From: " + value + b"\r\n\r\n", policy=modern)
    assert mail["From"].addresses[0].display_name == name
    assert mail["From"].addresses[0].addr_spec == "mail@shop.example"


@pytest.mark.parametrize("text", ["é" * 400, "x" * 1200, "word " * 300, "ü" + "y" * 1200])
def test_no_line_of_a_header_is_too_long(text: str) -> None:
    subject, sender = encode_header("Subject", text), headers.mailbox_value("From", text, "a@b.nl")
    head = headers.block([(b"Subject", subject), (b"From", sender)])
    assert max(map(len, head.split(b"\r\n"))) <= 998
    assert max(map(len, re.findall(rb"=\?\S+\?=", head)), default=0) <= 75
    mail = email.message_from_bytes(head + b"\r\n")  # the newer policy puts spaces into long names
    for name, shown in (("Subject", text), ("From", f"{text} <a@b.nl>")):
        read = str(make_header(decode_header(mail[name])))
        assert "".join(read.split()) == "".join(shown.split())


def test_a_folded_value_may_not_smuggle_a_header() -> None:
    with pytest.raises(headers.BadHeader):
        headers.block([(b"Subject", b"x\r\nBcc: everybody@example.com")])
    with pytest.raises(headers.BadHeader):
        headers.mailbox_value("To", "", "a@b.example>, <c@d.example")


@given(st.integers(1, 10**15), st.binary(min_size=6, max_size=6))
def test_message_ids_come_back(number: int, nonce: bytes) -> None:
    assert read_message_id(message_id(number, nonce, domain="shop.example")) == (number, nonce)


@pytest.mark.parametrize(
    ("code", "text", "dead"),
    [
        (550, "5.1.1 The email account that you tried to reach does not exist", True),
        (550, "No such user here", True),
        (550, "5.2.1 mailbox disabled", True),
        (550, "5.7.1 Message rejected as spam by user unknown filter", False),
        (552, "5.2.2 mailbox full", False),
        (554, "5.7.1 blocked", False),
        (451, "4.1.1 user unknown, try later", False),
    ],
)
def test_which_answers_speak_of_the_address(code: int, text: str, dead: bool) -> None:
    assert retry.is_dead_address(code, text) is dead


def test_retries_grow_and_end() -> None:
    pauses = [retry.pause_after(n) // timedelta(minutes=1) for n in range(1, 8)]
    assert pauses == [5, 15, 45, 135, 405, 480, 480]
    at, count, first = NOW, 1, NOW
    while isinstance(
        step := retry.judge(
            451, "later", at_recipient=True, attempt_count=count, first_at=first, now=at
        ),
        retry.Later,
    ):
        at, count = step.at, count + 1
    assert step == retry.Failed(is_expired=True)
    assert timedelta(hours=64) < at - first <= timedelta(hours=72)


@pytest.mark.parametrize(
    "address",
    [
        "noreply@x.example",
        "do-not-reply@x.example",
        "nepasrepondre@x.example",
        "No_Reply2@x.example",
    ],
)
def test_no_reply_addresses_are_seen(address: str) -> None:
    assert is_no_reply(address)


@pytest.mark.parametrize("address", ["ann@x.example", "reply@x.example", "norbert@x.example"])
def test_real_mailboxes_pass(address: str) -> None:
    assert not is_no_reply(address)


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost:8000",
        "http://127.0.0.1",
        "https://10.0.0.3",
        "http://desk",
        "http://a.local",
    ],
)
def test_local_addresses_lead_nowhere(url: str) -> None:
    assert is_local(url)


def test_what_locks_a_real_transport() -> None:
    passed = {name: {"state": "pass"} for name in ("spf", "dkim", "dmarc")}
    url = "https://mail.shop.com"
    assert locks(Facts(True, {}, False, "http://localhost", "")) == []
    assert locks(Facts(False, {}, False, "http://localhost", "")) == ["unchecked", "local_address"]
    half = passed | {"dkim": {"state": "fail"}}
    assert locks(Facts(False, half, False, url, "")) == ["dkim", "public_address"]
    assert locks(Facts(False, passed, True, url, url)) == []
