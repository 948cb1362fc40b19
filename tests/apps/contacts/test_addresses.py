"""Addresses: the verdicts of email-validator, the fast path, and what is the same address."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import given
from hypothesis import strategies as st

from sincerely.apps.contacts.rules.addresses import BadAddress, key_of, masked, parse_address

CASES = Path(__file__).resolve().parents[4] / "shared" / "corpora" / "addresses" / "cases.jsonl"
KEY = b"k" * 32


def _theirs(text: str) -> tuple[str, str] | None:
    try:
        valid = validate_email(text, check_deliverability=False)
    except EmailNotValidError:
        return None
    return valid.local_part, valid.ascii_domain.lower()


def _ours(text: str) -> tuple[str, str] | None:
    try:
        parsed = parse_address(text)
    except BadAddress:
        return None
    return parsed.local, parsed.domain


def test_verdicts_equal_those_of_email_validator_on_the_corpus() -> None:
    if not CASES.exists():
        pytest.skip(f"no corpus at {CASES.name}")
    texts = []
    for line in CASES.read_text().splitlines():
        case = json.loads(line)
        texts.append(case.get("email_input") or case["s"])
    different = [t for t in texts if (_ours(t) is None) != (_theirs(t) is None)]
    assert len(texts) == 296
    assert different == []


@given(
    st.text(st.sampled_from("abZ09._-+'@ \t\r\n\x00é中xn--"), max_size=12),
    st.text(st.sampled_from("abZ09.-_éß中xn--"), max_size=14),
)
def test_fast_path_never_differs_from_the_slow_one(local: str, domain: str) -> None:
    text = f"{local}@{domain}.com"
    assert (_ours(text) is None) == (_theirs(text) is None)


@pytest.mark.parametrize("text", ["a\r\n@b.com", "a@b.com\n", "a@b.com\x00", "a\x00b@c.com"])
def test_line_breaks_and_zero_bytes_are_refused(text: str) -> None:
    with pytest.raises(BadAddress):
        parse_address(text)


def test_same_address_in_other_spelling_has_the_same_key() -> None:
    keys = {
        key_of(KEY, parse_address(text).key_text)
        for text in ("Jörg@Bücher.example.com", "jörg@xn--bcher-kva.EXAMPLE.com")
    }
    assert len(keys) == 1
    assert len(keys.pop()) == 16


def test_internationalised_domain_is_kept_as_a_label() -> None:
    parsed = parse_address("用户@例え.jp")
    assert (parsed.local, parsed.domain) == ("用户", "xn--r8jz45g.jp")
    assert parsed.address == "用户@xn--r8jz45g.jp"


def test_masked_address_hides_the_person() -> None:
    assert masked("annemarie@example.com") == "a…e@example.com"
    assert masked("ann@example.com") == "a…@example.com"
