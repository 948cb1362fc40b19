"""Label names: exact, without comma; a near miss is a question."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sincerely.apps.labels.rules import (
    BadName,
    checked_name,
    did_you_mean,
    label_for,
    matches,
)

KNOWN = ["Honden", "Katten", "Konijnen"]


@pytest.mark.parametrize(
    ("raw", "code"),
    [("", "empty"), ("  ", "empty"), ("a,b", "comma"), ("x" * 81, "long"), ("a\nb", "unprintable")],
)
def test_wrong_names_are_refused(raw: str, code: str) -> None:
    with pytest.raises(BadName) as problem:
        checked_name(raw)
    assert problem.value.code == code


@pytest.mark.parametrize(
    ("wrong", "meant"),
    [("honden", "Honden"), ("Hond en", "Honden"), ("kattn", "Katten"), ("Vissen", None)],
)
def test_did_you_mean(wrong: str, meant: str | None) -> None:
    assert did_you_mean(wrong, KNOWN) == meant


@given(st.text(max_size=20))
def test_what_is_meant_is_always_a_known_name(name: str) -> None:
    assert did_you_mean(name, KNOWN) in {None, *KNOWN}


def test_most_exact_pattern_names_the_label() -> None:
    rules = [("https://shop.example/*", 1), ("https://shop.example/dogs/*", 2)]
    assert label_for("https://shop.example/dogs/food?x=1", rules) == 2
    assert label_for("https://shop.example/cats", rules) == 1
    assert label_for("https://other.example/", rules) is None
    assert not matches("https://a.b/c", "https://aXb/c")
