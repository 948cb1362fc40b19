"""Nothing outgrows its size: files, functions, positional parameters, templates; bench/ too."""

from __future__ import annotations

import ast

from tests.contracts.source import (
    PACKAGE,
    ROOT,
    bench_files,
    python_files,
    shown,
    tracked_files,
    tree_of,
)

# Exceptions stand here by name with a reason; the list may only shrink.
LONG_FILES: dict[str, str] = {}
LONG_FUNCTIONS: dict[str, str] = {}
MANY_POSITIONS: dict[str, str] = {}
LONG_TEMPLATES: dict[str, str] = {}


def _functions() -> list[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    return [
        (f"{shown(path)}:{node.name}", node)
        for path in (*python_files(), *bench_files())
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]


def test_python_files_stay_below_400_lines() -> None:
    long = {
        shown(path): count
        for path in (*python_files(), *bench_files())
        if (count := path.read_text().count("\n")) > 400 and shown(path) not in LONG_FILES
    }
    assert long == {}


def test_functions_stay_below_50_lines() -> None:
    long = {
        name: lines
        for name, node in _functions()
        if (lines := (node.end_lineno or 0) - node.lineno + 1) > 50 and name not in LONG_FUNCTIONS
    }
    assert long == {}


def test_functions_take_at_most_three_positional_parameters() -> None:
    many = {}
    for name, node in _functions():
        positional = [
            a.arg for a in node.args.posonlyargs + node.args.args if a.arg not in {"self", "cls"}
        ]
        if len(positional) > 3 and name not in MANY_POSITIONS:
            many[name] = len(positional)
    assert many == {}


def test_templates_stay_below_150_lines() -> None:
    long = {
        shown(path): count
        for path in PACKAGE.rglob("*.html")
        if (count := path.read_text().count("\n")) > 150 and shown(path) not in LONG_TEMPLATES
    }
    assert long == {}


def test_test_files_stay_below_600_lines() -> None:
    long = {
        shown(path): count
        for path in tracked_files()
        if path.is_relative_to(ROOT / "tests")
        and path.suffix == ".py"
        and (count := path.read_text().count("\n")) > 600
    }
    assert long == {}
