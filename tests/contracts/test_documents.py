"""What the documents say is true: requirements table, settings, map, glossary."""

from __future__ import annotations

import re

from tests.contracts.coverage_table import TABLE, TITLES, table
from tests.contracts.map_page import MAP, page
from tests.contracts.source import PACKAGE, ROOT


def test_the_table_of_requirements_is_current() -> None:
    assert TABLE.read_text() == table(), "run: .venv/bin/python -m tests.contracts.coverage_table"


def test_the_table_knows_all_requirements() -> None:
    assert len(TITLES.read_text().splitlines()) == 138


def test_the_map_is_current() -> None:
    assert MAP.read_text() == page(), "run: .venv/bin/python -m tests.contracts.map_page"


def test_every_environment_setting_is_documented() -> None:
    source = "".join(
        path.read_text() for path in PACKAGE.rglob("*.py") if "migrations" not in path.parts
    )
    named = set(re.findall(r"\"((?:SINCERELY_[A-Z_]+)|DATABASE_URL)\"", source))
    documented = (ROOT / "docs" / "reference" / "settings.md").read_text()
    assert {name for name in named if f"`{name}`" not in documented} == set()


def test_the_glossary_holds_every_fixed_word() -> None:
    words = [
        *("member", "contact", "subscription type", "consent record", "permission"),
        *("suppression", "label", "preference", "list", "segment", "template", "campaign"),
        *("workflow", "mailing", "message", "sender", "transport", "event", "verdict"),
    ]
    glossary = (ROOT / "docs" / "glossary.md").read_text().lower()
    assert [word for word in words if f"**{word}" not in glossary] == []
