"""Numbers inside sentences are grouped like all others, and one is never called many."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

TEMPLATES = sorted((Path(__file__).parents[2] / "src/sincerely").glob("**/templates/**/*.html"))
COUNTED = re.compile(
    r"\{% blocktrans(?:late)?(?: trimmed)? count (\w+)=[^%]*%\}(.*?)\{% plural", re.DOTALL
)
BARE_UNIT = re.compile(r"(?:unit|label)=\"\{% trans '(?:people|rows)\b")


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_counted_sentences_show_grouped_numbers(path: Path) -> None:
    text = path.read_text()
    for found in COUNTED.finditer(text):
        if f"{{{{ {found[1]} }}}}" in found[2]:
            raise AssertionError(f"Show `with n=…|figure`, count by another name: {found[0]}")
    assert not BARE_UNIT.search(text), "Say it by `count`: one row is no rows."
