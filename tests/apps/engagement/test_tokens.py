"""Tokens: opaque, bound to a purpose, impossible to forge, rotated by key."""

from __future__ import annotations

import secrets

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sincerely.apps.engagement.rules.tokens import (
    Purpose,
    TokenFacts,
    is_simulated,
    mint,
    mint_all,
    open_token,
    prove_simulated,
)

KEY = bytes(range(32))
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def token_of(number: int = 7, purpose: str = "click", key: bytes = KEY) -> str:
    return mint(key, purpose, mailing_id=3, message_id=number, nonce=b"nonce!")


@given(
    purpose=st.sampled_from(list(Purpose)),
    mailing_id=st.integers(0, 2**32 - 1),
    message_id=st.integers(0, 2**48 - 1),
    nonce=st.binary(min_size=6, max_size=6),
)
def test_what_goes_in_comes_out(
    purpose: Purpose, mailing_id: int, message_id: int, nonce: bytes
) -> None:
    token = mint(KEY, purpose, mailing_id=mailing_id, message_id=message_id, nonce=nonce)
    assert len(token) == 43
    assert open_token(KEY, purpose, token) == TokenFacts(mailing_id, message_id, nonce)


def test_a_token_of_one_purpose_is_refused_for_every_other() -> None:
    for minted in Purpose:
        for asked in Purpose:
            opened = open_token(KEY, asked, token_of(purpose=minted))
            assert (opened is not None) == (minted is asked)


def test_every_change_of_one_character_is_refused() -> None:
    token = token_of()
    for place in range(len(token)):
        for letter in ALPHABET:
            changed = token[:place] + letter + token[place + 1 :]
            if changed != token:
                assert open_token(KEY, "click", changed) is None


def test_neighbours_of_a_token_are_no_tokens() -> None:
    """Enumerating near a known token finds nothing, and ids in order give nothing in order."""
    token = token_of()
    hits = sum(
        open_token(
            KEY, "click", token[:-4] + "".join(ALPHABET[(n >> s) & 63] for s in (18, 12, 6, 0))
        )
        is not None
        for n in range(0, 2**24, 2**24 // 20_000)
    )
    assert hits == 0
    beginnings = {token_of(n)[:4] for n in range(500)} | {token_of(n)[22:30] for n in range(500)}
    assert len(beginnings) > 990


@pytest.mark.parametrize(
    "junk", ["", "a", "a" * 43, "é" * 43, "=" * 43, "a" * 44, "../" * 14 + "x"]
)
def test_junk_is_refused(junk: str) -> None:
    assert open_token(KEY, "click", junk) is None


@given(st.text(max_size=60))
def test_no_text_is_a_token(text: str) -> None:
    assert open_token(KEY, "open", text) is None


def test_keys_rotate() -> None:
    old, new = secrets.token_bytes(32), secrets.token_bytes(32)
    token = token_of(key=old)
    assert open_token(new, "click", token) is None
    assert open_token((new, old), "click", token) is not None
    assert mint((new, old), "click", mailing_id=3, message_id=7, nonce=b"nonce!") == token_of(
        key=new
    )


def test_only_the_test_mailbox_can_prove_that_a_click_is_simulated() -> None:
    token = token_of()
    assert is_simulated(KEY, token, prove_simulated(KEY, token))
    assert not is_simulated(KEY, token, prove_simulated(KEY, token_of(8)))
    assert not is_simulated(KEY, token, "")
    assert not is_simulated(KEY, token, "é")


@given(message_id=st.integers(0, 2**48 - 1), purposes=st.sets(st.sampled_from(list(Purpose))))
def test_tokens_made_together_are_those_made_one_by_one(
    message_id: int, purposes: set[Purpose]
) -> None:
    wanted = tuple(purpose.value for purpose in purposes)
    together = mint_all(KEY, wanted, mailing_id=3, message_id=message_id, nonce=b"nonce!")
    assert together == [token_of(message_id, purpose) for purpose in wanted]


def test_a_nonce_of_another_length_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="six bytes"):
        mint(KEY, "click", mailing_id=1, message_id=1, nonce=b"short")
