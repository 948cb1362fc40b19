"""Rules are pure: values in, decisions out; no Django, no outside world, no clock, no chance."""

from __future__ import annotations

import ast
from pathlib import Path

from tests.contracts.source import PACKAGE, python_files, shown, tree_of

IMPURE = frozenset(
    {
        "asyncio", "django", "logging", "ninja", "os", "pathlib", "psycopg", "random", "requests",
        "secrets", "sqlite3", "structlog", "subprocess", "sys", "tempfile", "threading", "time",
    }
)  # fmt: skip


def _is_rules(path: Path) -> bool:
    parts = path.relative_to(PACKAGE).parts
    return parts[0] == "apps" and len(parts) > 2 and parts[2] in {"rules", "rules.py"}


def _imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module or "")
    return found


def _is_impure(name: str) -> bool:
    first, *rest = name.split(".")
    if first == "sincerely":
        return "rules" not in rest
    return first in IMPURE


def test_rules_import_nothing_of_the_outside() -> None:
    rules = [path for path in python_files() if _is_rules(path)]
    assert len(rules) > 50
    found = {shown(path): {name for name in _imports(path) if _is_impure(name)} for path in rules}
    assert {path: names for path, names in found.items() if names} == {}
