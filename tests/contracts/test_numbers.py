"""Numbers in sentences: Python groups them as the language writes them, as the templates do."""

from __future__ import annotations

import ast
import re

import pytest
from django.utils.translation import override

from sincerely.apps.team.numbers import grouped
from tests.contracts.source import python_files, shown, tree_of

BARE = re.compile(r"%\(\w+\)d")
NO_BREAK = "\u00a0"


def test_no_sentence_takes_a_bare_number() -> None:
    found = {
        shown(path): node.value
        for path in python_files()
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and BARE.search(node.value)
    }
    assert found == {}


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", "1,234,567"), ("nl", "1.234.567"), ("da", "1.234.567"), ("sv", "1 234 567")],
)
def test_thousands_stand_apart_as_the_language_writes_them(language: str, words: str) -> None:
    with override(language):
        assert grouped(1_234_567).replace(NO_BREAK, " ") == words
        assert grouped(999) == "999"
