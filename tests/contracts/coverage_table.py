"""The table of proven requirements, made from the marks in the tests."""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path

from tests.contracts.source import ROOT

TITLES = Path(__file__).with_name("requirements.txt")
TABLE = ROOT / "docs" / "reference" / "requirements.md"
HEAD = """# Requirements: what is proven

Made from the marks in the tests by `python -m tests.contracts.coverage_table`.
*Proven*: the acceptance check runs as a test on the real path. *Partial*: it covers all that
exists; the last column says what is missing.

| number | requirement | state | tests | missing |
|---|---|---|---|---|
"""


def _marks() -> dict[str, list[tuple[str, str]]]:
    """Requirement number → (test, what is missing or '')."""
    found: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                for number, partial in _marks_of(node):
                    found[number].append((f"`{path.relative_to(ROOT)}`", partial))
    return found


def _marks_of(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> list[tuple[str, str]]:
    marks = []
    for call in node.decorator_list:
        if not (isinstance(call, ast.Call) and ast.unparse(call.func).endswith("mark.requirement")):
            continue
        partial = next((ast.literal_eval(k.value) for k in call.keywords if k.arg == "partial"), "")
        marks += [(ast.literal_eval(argument), partial) for argument in call.args]
    return marks


def table() -> str:
    """The whole page."""
    marks = _marks()
    rows = []
    for line in TITLES.read_text().splitlines():
        number, title = line.split(" ", 1)
        tests = marks.get(number, [])
        missing = sorted({partial for _, partial in tests if partial})
        whole = any(not partial for _, partial in tests)
        state = "proven" if whole and not missing else "partial" if tests else "–"
        files = ", ".join(sorted({name for name, _ in tests}))
        rows.append(f"| {number} | {title} | {state} | {files} | {'; '.join(missing)} |")
    return HEAD + "\n".join(rows) + "\n"


if __name__ == "__main__":
    TABLE.parent.mkdir(parents=True, exist_ok=True)
    TABLE.write_text(table())
