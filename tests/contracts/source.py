"""The product's own source, read once for the contract tests."""

from __future__ import annotations

import ast
import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "sincerely"


@cache
def python_files() -> list[Path]:
    """Every Python file of the product but migrations."""
    return sorted(p for p in PACKAGE.rglob("*.py") if "migrations" not in p.parts)


@cache
def bench_files() -> list[Path]:
    """Every Python file of the benchmarks."""
    return sorted((ROOT / "bench").glob("*.py"))


@cache
def tree_of(path: Path) -> ast.Module:
    """The parsed file."""
    return ast.parse(path.read_text())


@cache
def tracked_files() -> list[Path]:
    """Every file that git tracks, or would track."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return [ROOT / line for line in listed.splitlines() if (ROOT / line).is_file()]


def shown(path: Path) -> str:
    """The path as a person writes it."""
    return str(path.relative_to(ROOT))
